import type { AgentRef } from "../sessions/agent.ts";
import type { Permission } from "../sessions/permission.ts";
import type { Session } from "../sessions/session.ts";
import { shownName, visibleLine, visibleText } from "../visibleText.ts";
import type { EventDataByType, EventType, LoggedEvent, LoggedEventOf } from "./event.ts";

/** The rule of one kind of push: how it is sent, in the terms of Apple and (where they differ) of Web Push. */
interface KindRule {
  /** Names the buttons that the app shows under the alert (`aps.category`; the same for a service worker). */
  category: "REPLY" | "PERMISSION" | "QUESTION" | "FORM" | "EXPIRING" | "SESSION";
  /** `time-sensitive` breaks through a Focus and the notification summary (`aps.interruption-level`). */
  level: "active" | "time-sensitive";
  /** `apns-priority`: 10 is delivered at once. */
  priority: "10" | "5";
  /** Web Push (RFC 8030, 5.3): a battery-saving phone hears of `normal` when it next wakes. */
  urgency: "high" | "normal";
  /** The push is worthless after its subject's own end (a lease, a permission), or a day after the event. */
  endsWith: "subject" | "day";
  /** A newer push about the same replaces the older one (`apns-collapse-id`; the tag and the topic of a browser's). */
  collapsesBy: "turn" | "permission" | "lease" | "session" | "nothing";
  /** Claude stands still until the owner answers: the push passes every mute and the quiet hours. */
  waitsForOwner: boolean;
}

// A turn has one result, a permission one prompt, a lease one warning: the newer push replaces the older.
const reply = {
  category: "REPLY",
  level: "active",
  priority: "10",
  urgency: "high",
  endsWith: "day",
  collapsesBy: "turn",
  waitsForOwner: false,
} as const satisfies KindRule;
const permission = {
  ...reply,
  category: "PERMISSION",
  level: "time-sensitive",
  endsWith: "subject",
  collapsesBy: "permission",
  waitsForOwner: true,
} as const satisfies KindRule;
const session = {
  ...reply,
  category: "SESSION",
  urgency: "normal",
  collapsesBy: "session",
} as const satisfies KindRule;

/** Every kind of push, in the order in which the API's documents list them. */
export const kindRules = {
  reply,
  failed: reply,
  permission,
  question: { ...permission, category: "QUESTION" },
  // A plan is allowed or denied like a tool; a question has answers of its own.
  plan: permission,
  // A form is filled in inside the app.
  form: { ...permission, category: "FORM" },
  expiring: {
    ...reply,
    category: "EXPIRING",
    level: "time-sensitive",
    endsWith: "subject",
    collapsesBy: "lease",
  },
  expired: session,
  crashed: session,
  // Each says something else.
  notice: { ...session, urgency: "high", collapsesBy: "nothing" },
  limit: session,
  login: session,
  resource: session,
  task: session,
} as const satisfies Record<string, KindRule>;

/** The subject of a push; the key `daylong.kind` of every payload. */
export type PushKind = keyof typeof kindRules;
export const pushKinds = Object.keys(kindRules) as readonly PushKind[];
/** The kinds that a device may mute; `activity` are the Live Activities of its turns. */
export const mutableKinds = [...pushKinds, "activity"] as const;

/** The session and the permission that an event is about, in their state when the push is about to be sent. */
export interface PushSubject {
  session: Pick<Session, "state" | "lease"> | undefined;
  permission: Pick<Permission, "state"> | undefined;
}

/** The push that one event calls for: its kind, its text and the ids that the app acts on. */
export interface EventPush {
  kind: PushKind;
  body: string;
  messageId?: string;
  permissionId?: string;
  /** Instant at which the subject of the push ends, if it has an end. */
  expiresAt?: number;
  /** The body does not show all that the owner has to judge, however short it is. */
  truncated?: boolean;
  /** What is asked must not be allowed by the push alone. */
  lookFirst?: boolean;
  /** Rings only when, for `silenceMs` after the event, no turn of its session runs, and none has ended since. */
  unlessTurnFollows?: true;
  /** Whether the push would send the owner to something that is no longer so. Absent: it never becomes moot. */
  isMoot?(subject: PushSubject): boolean;
}

/** Most of what a task is said to do, in UTF-16 units. */
const mostTaskUnits = 1_000;

type EventRule<T extends EventType> = (event: LoggedEventOf<T>) => EventPush | undefined;

/** The rule of events that call for no push: only an event that needs the owner does. */
const silent = () => undefined;

/** Every event type and the push that it calls for. A type that is missing here does not compile. */
const eventRules: { readonly [T in EventType]: EventRule<T> } = {
  "turn.completed": ({ data: { messageId, text, origin } }) => {
    // The owner saw it at the terminal.
    if (origin === "terminal") return undefined;
    return origin !== undefined && text === ""
      ? { kind: "task", body: "Claude finished something in the background." }
      : { kind: "reply", messageId, body: text || "Claude is done." };
  },
  // Of a task that ended as it should Claude speaks itself, in a turn of its own or in the one that runs. What the owner, or
  // Claude, stopped is no news.
  "task.finished": ({ data: { description, state, cutOff } }) => {
    if (cutOff === true)
      return { kind: "task", body: `Cut off before its end: ${shownName(description, mostTaskUnits)}` };
    if (state !== "completed" && state !== "failed") return undefined;
    return {
      kind: "task",
      body: `${state === "completed" ? "Finished" : "Failed"}: ${shownName(description, mostTaskUnits)}`,
      unlessTurnFollows: true,
    };
  },
  // One incident, one push, however many turns it ends: `login.required` and `limit.reached` have theirs.
  "turn.failed": ({ data: { code, detail } }) =>
    code === "login_required" || code === "usage_limit" ? undefined : { kind: "failed", body: detail },
  // The owner's own interrupt is no news; an interrupt by a restart or an expiry is.
  "turn.interrupted": ({ data: { code, detail } }) =>
    code === "interrupted" ? undefined : { kind: "failed", body: detail },
  "permission.requested": ({ data }) => ({
    kind: data.kind === "tool" ? "permission" : data.kind,
    permissionId: data.permissionId,
    expiresAt: data.expiresAt,
    truncated: data.truncated,
    lookFirst: data.lookFirst,
    body: askedOf(data),
    isMoot: (subject) => subject.permission?.state !== "open",
  }),
  "session.expiring": ({ data: { expiresAt, timeRemainingMs } }) => ({
    kind: "expiring",
    expiresAt,
    body: `This session ends in ${inMinutes(timeRemainingMs)}. Keep it alive?`,
    // A renewal moves the end of the lease, in this term or in the next one.
    isMoot: (subject) => subject.session?.lease.expiresAt !== expiresAt,
  }),
  "session.expired": ({ data: { term } }) => ({
    kind: "expired",
    body: "This session has ended. A message brings it back with its context.",
    isMoot: (subject) => (subject.session?.lease.term ?? 0) > term,
  }),
  "session.quarantined": ({ data: { detail } }) => ({ kind: "crashed", body: detail }),
  "limit.reached": ({ data: { detail } }) => ({ kind: "limit", body: detail }),
  "limit.lifted": () => ({ kind: "limit", body: "Claude's limit is over, and messages go on." }),
  notice: ({ data: { text } }) => ({ kind: "notice", body: text }),
  "login.required": ({ data: { detail } }) => ({ kind: "login", body: detail }),
  "resource.warning": ({ data: { detail } }) => ({ kind: "resource", body: detail }),

  "session.created": silent,
  "session.renewed": silent,
  "session.parked": silent,
  "session.woken": silent,
  "session.crashed": silent,
  "session.recovered": silent,
  "session.recycled": silent,
  "session.closed": silent,
  "session.updated": silent,
  "session.compacted": silent,
  "session.commands": silent,
  "todos.changed": silent,
  "limit.warning": silent,
  "session.recap": silent,
  "session.continued": silent,
  "session.held": silent,
  "session.released": silent,
  "turn.accepted": silent,
  "turn.queued": silent,
  "turn.started": silent,
  "turn.cancelled": silent,
  message: silent,
  "agent.message": silent,
  "task.started": silent,
  "tool.started": silent,
  "tool.finished": silent,
  "permission.resolved": silent,
  "permission.expired": silent,
  "device.paired": silent,
  "device.revoked": silent,
  "device.push_lost": silent,
};

/** The push that the event calls for; `undefined`: it rings no phone. */
export function pushOf<T extends EventType>(event: LoggedEventOf<T>): EventPush | undefined {
  return eventRules[event.type](event);
}

/** What is asked, by whom, with hidden characters as escapes: a lock screen shows it beside the button that allows it. */
function askedOf({ agent, title, description, plan }: EventDataByType["permission.requested"]): string {
  const line = agent === undefined ? title : `Subagent ${agentNameOf(agent)} wants to use ${title}`;
  // A plan is what is decided on; a sentence about it does not take its place.
  return [line, (plan && visibleText(plan).text) || description].filter(Boolean).join("\n");
}

/** What the subagent does, else its kind. */
const agentNameOf = ({ agentId, type, description }: AgentRef): string =>
  visibleLine(description || type || agentId, 60).text;

/** The category of a push: one that has to be looked at in the app has no button that allows. */
export const categoryOf = (kind: PushKind, mustLook: boolean): string => {
  const { category } = kindRules[kind];
  return category === "PERMISSION" && mustLook ? "PERMISSION_LOOK" : category;
};

/**
 * How long Claude has for the begin of the turn in which it speaks of something. CLI 2.1.330 takes 10 to 60 ms from the end
 * of a task.
 */
export const silenceMs = 5_000;

/** The kind of push that the event calls for. */
export const pushKindOf = (event: LoggedEvent): PushKind | undefined => pushOf(event)?.kind;

const dayMs = 24 * 3_600_000;

/** After this instant the push is not worth sending (docs/api.md: 24 h, or the end of its subject). `at`: of its event. */
export function pushEndsAt({ kind, expiresAt }: Pick<EventPush, "kind" | "expiresAt">, at: number): number {
  const ownEndAt = kindRules[kind].endsWith === "subject" ? expiresAt : undefined;
  return ownEndAt ?? at + dayMs;
}

/** The name that pushes share which replace each other; `undefined` for one that replaces none. */
export function collapseIdOf(content: {
  kind: PushKind;
  sessionId: string;
  turnId?: string;
  permissionId?: string;
}): string | undefined {
  const { kind, sessionId, turnId, permissionId } = content;
  const bySession = `${kind}-${sessionId}`;
  const { collapsesBy } = kindRules[kind];
  switch (collapsesBy) {
    case "turn":
      return turnId === undefined ? bySession : `turn-${turnId}`;
    case "permission":
      return permissionId === undefined ? bySession : `perm-${permissionId}`;
    case "lease":
      return `lease-${sessionId}`;
    case "session":
      return bySession;
    case "nothing":
      return undefined;
  }
}

function inMinutes(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
