import type { Activity, DaylongEvent, Permission, Session } from "../../../client/src/index.ts";

/** What is printed of a conversation, once and in order. */
export type Item =
  | { kind: "asked"; text: string; isMine: boolean; attachments: number }
  | { kind: "said"; text: string; messageId: string; isCut: boolean; isPartial: boolean }
  | { kind: "agentSaid"; agent: string; text: string }
  | {
      kind: "tool";
      title: string;
      name: string;
      agent?: string;
      outcome: "done" | "failed" | "unknown";
      note: string;
    }
  | { kind: "task"; description: string; state: "running" | "completed" | "failed" | "stopped"; note: string }
  | { kind: "ended"; durationMs: number; costUsd: number }
  | { kind: "note"; text: string; tone: "plain" | "warning" | "failure" };

/** A message that the server has accepted and Claude has not begun with. */
interface Accepted {
  text: string;
  isMine: boolean;
  attachments: number;
}

interface RunningTool {
  title: string;
  name: string;
  agent?: string;
}

/** Why a permission was withdrawn. */
const expiryWords = {
  timed_out: "nobody answered in time",
  turn_ended: "its turn has ended",
  process_gone: "Claude's process has ended",
  server_restarted: "the server was restarted",
} as const;

const originWords = {
  task: "a task has ended",
  schedule: "a wake-up was due",
  agent: "another agent sent a message",
  other: "it had something to say",
} as const;

/**
 * The state of one conversation, made from its events: what of them is printed, and what runs now. Pure. A message is
 * printed when Claude begins with it, a tool when it has ended.
 */
export class Transcript {
  readonly #deviceId: string;
  readonly #waiting = new Map<string, Accepted>();
  readonly #tools = new Map<string, RunningTool>();
  readonly #permissions = new Map<string, Permission>();
  #turn: { turnId: string; startedAt: number } | undefined;
  #seq = 0;
  #activity: string | undefined;

  constructor(deviceId: string) {
    this.#deviceId = deviceId;
  }

  /** The last event that it knows. */
  get seq(): number {
    return this.#seq;
  }

  /** Messages that wait for Claude. */
  get waiting(): readonly { turnId: string; text: string }[] {
    return [...this.#waiting].map(([turnId, { text }]) => ({ turnId, text }));
  }

  get runningTurn(): { turnId: string; startedAt: number } | undefined {
    return this.#turn;
  }

  /** What is at work, in one line each. */
  get work(): readonly string[] {
    const tools = [...this.#tools.values()].map(({ title }) => title);
    return tools.length > 0 || this.#activity === undefined ? tools : [this.#activity];
  }

  /** The first that is open, the oldest. */
  get openPermission(): Permission | undefined {
    return this.#permissions.values().next().value;
  }

  get openPermissions(): number {
    return this.#permissions.size;
  }

  /** The server's own view of the session: what was there before the events that are heard. */
  begin(session: Session, permissions: readonly Permission[]): void {
    const { turn } = session;
    this.#turn = turn === undefined ? undefined : { turnId: turn.turnId, startedAt: turn.startedAt };
    this.#permissions.clear();
    for (const one of permissions)
      if (one.sessionId === session.sessionId && one.state === "open")
        this.#permissions.set(one.permissionId, one);
  }

  /** The whole of a permission whose event was cut. */
  know(permission: Permission): void {
    if (this.#permissions.has(permission.permissionId))
      this.#permissions.set(permission.permissionId, permission);
  }

  hearActivity(activity: Activity): void {
    switch (activity.kind) {
      case "thinking":
        this.#activity = "thinking";
        return;
      case "tool":
        this.#activity = activity.title;
        return;
      case "task":
        this.#activity = activity.text;
        return;
      case "compacting":
        this.#activity = "sums the conversation up to make room";
        return;
      case "retrying":
        this.#activity = `tries the model again (${activity.reason.replaceAll("_", " ")}, attempt ${activity.attempt})`;
        return;
      default:
        // A later server's.
        return;
    }
  }

  /** What the event adds to what is printed; nothing when it is known. */
  hear(event: DaylongEvent): Item[] {
    const seq = event.seq ?? 0;
    if (seq <= this.#seq) return [];
    this.#seq = seq;
    return [
      ...this.#hearTurn(event),
      ...this.#hearWork(event),
      ...this.#hearPermission(event),
      ...this.#hearSession(event),
    ];
  }

  #hearTurn(event: DaylongEvent): Item[] {
    const turnId = event.turnId ?? "";
    switch (event.type) {
      case "turn.accepted": {
        const { message: text, deviceId, attachments } = event.data;
        this.#waiting.set(turnId, {
          text,
          isMine: deviceId === this.#deviceId,
          attachments: attachments.length,
        });
        // Another program's turn is over when it is told.
        return event.data.origin === "terminal" ? this.#begun(turnId) : [];
      }
      case "turn.started": {
        this.#turn = { turnId, startedAt: event.at };
        const { origin } = event.data;
        const begun = this.#begun(turnId);
        if (origin === "user" || origin === "terminal" || begun.length > 0) return begun;
        return [
          {
            kind: "note",
            text: `Claude goes on by itself: ${originWords[origin] ?? originWords.other}.`,
            tone: "plain",
          },
        ];
      }
      case "message": {
        const { text, messageId, partial = false } = event.data;
        const said: Item = {
          kind: "said",
          text,
          messageId,
          isCut: event.truncated === true,
          isPartial: partial,
        };
        return text === "" ? [] : [...this.#begun(turnId), said];
      }
      case "agent.message":
        return [{ kind: "agentSaid", agent: nameOf(event.data.agent), text: event.data.text }];
      case "turn.completed": {
        const { durationMs, costUsd } = event.data;
        return [...this.#ended(turnId), { kind: "ended", durationMs, costUsd }];
      }
      case "turn.failed": {
        const { code, detail } = event.data;
        return [
          ...this.#ended(turnId),
          { kind: "note", text: `Failed (${code}): ${detail}`, tone: "failure" },
        ];
      }
      case "turn.interrupted": {
        const { code, detail } = event.data;
        const text = code === "interrupted" ? "Interrupted." : `Interrupted (${code}): ${detail}`;
        return [...this.#ended(turnId), { kind: "note", text, tone: "warning" }];
      }
      case "turn.cancelled":
        return [
          ...this.#ended(turnId),
          { kind: "note", text: "Taken back before Claude began with it.", tone: "warning" },
        ];
      default:
        return [];
    }
  }

  #begun(turnId: string): Item[] {
    const accepted = this.#waiting.get(turnId);
    if (accepted === undefined) return [];
    this.#waiting.delete(turnId);
    return [{ kind: "asked", ...accepted }];
  }

  #ended(turnId: string): Item[] {
    const begun = this.#begun(turnId);
    if (this.#turn !== undefined && this.#turn.turnId !== turnId) return begun;
    this.#turn = undefined;
    this.#activity = undefined;
    const cut = [...this.#tools.values()].map(
      (tool): Item => ({ kind: "tool", ...tool, outcome: "unknown", note: "no result was heard" }),
    );
    this.#tools.clear();
    return [...begun, ...cut];
  }

  #hearWork(event: DaylongEvent): Item[] {
    switch (event.type) {
      case "tool.started": {
        const { toolUseId, title, toolName: name, agent } = event.data;
        this.#tools.set(toolUseId, { title, name, agent: agent === undefined ? undefined : nameOf(agent) });
        return [];
      }
      case "tool.finished": {
        const { toolUseId, toolName: name, failed, summary, insertions, deletions } = event.data;
        const tool = this.#tools.get(toolUseId) ?? { title: name, name };
        this.#tools.delete(toolUseId);
        const lines =
          insertions === undefined && deletions === undefined ? "" : `+${insertions ?? 0} −${deletions ?? 0}`;
        const note = [lines, summary ?? ""].filter((part) => part !== "").join(" · ");
        return [{ kind: "tool", ...tool, outcome: failed ? "failed" : "done", note }];
      }
      case "task.started":
        return [{ kind: "task", description: event.data.description, state: "running", note: "" }];
      case "task.finished": {
        const { description, state, summary, cutOff } = event.data;
        const note = cutOff === true ? "its process has ended" : (summary ?? "");
        return [{ kind: "task", description, state, note }];
      }
      default:
        return [];
    }
  }

  #hearPermission(event: DaylongEvent): Item[] {
    switch (event.type) {
      case "permission.requested":
        this.#permissions.set(event.data.permissionId, { ...event.data, state: "open" } as Permission);
        return [];
      case "permission.resolved": {
        const { permissionId, decision, by, updatedInput } = event.data;
        const title = this.#permissions.get(permissionId)?.title;
        this.#permissions.delete(permissionId);
        if (title === undefined) return [];
        const where = by === this.#deviceId ? "" : " on another device";
        const edited = updatedInput === undefined ? "" : ", with another input";
        const word = decision === "allow" ? "Allowed" : "Denied";
        return [{ kind: "note", text: `${word}${where}${edited}: ${title}`, tone: "plain" }];
      }
      case "permission.expired": {
        const { permissionId, reason } = event.data;
        const title = this.#permissions.get(permissionId)?.title;
        this.#permissions.delete(permissionId);
        if (title === undefined) return [];
        const why = expiryWords[reason] ?? reason;
        return [{ kind: "note", text: `Not asked any more, ${why}: ${title}`, tone: "warning" }];
      }
      default:
        return [];
    }
  }

  #hearSession(event: DaylongEvent): Item[] {
    const note = (text: string, tone: "plain" | "warning" | "failure" = "plain"): Item[] => [
      { kind: "note", text, tone },
    ];
    switch (event.type) {
      case "session.expired":
        return note("The session has expired; a message starts it again.", "warning");
      case "session.crashed":
        return note(`Claude's process has crashed: ${event.data.detail}`, "failure");
      case "session.quarantined":
        return note(
          `Claude's process crashes again and again, and is not started for now: ${event.data.detail}`,
          "failure",
        );
      case "session.closed":
        return note("The session was closed.", "warning");
      case "session.held":
        return note("Another terminal holds the conversation; messages wait until it is left.", "warning");
      case "session.released":
        return note("The other terminal has left the conversation.");
      case "session.continued":
        return note(`The conversation was continued in another terminal: ${event.data.turns} turns.`);
      case "session.compacted":
        return note("The conversation was summed up to make room.");
      case "notice":
        return note(`Claude says: ${event.data.text}`, "warning");
      case "limit.reached":
        return note(`Usage limit: ${event.data.detail}`, "warning");
      case "limit.lifted":
        return note("The usage limit is lifted.");
      case "login.required":
        return note("Claude is not logged in on this computer: daylong login.", "failure");
      case "resource.warning":
        return note(event.data.detail, "warning");
      default:
        return [];
    }
  }
}

const nameOf = ({ type, description }: { type?: string; description?: string }): string =>
  description ?? type ?? "a subagent";
