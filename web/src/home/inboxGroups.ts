import type { Session } from "../../../client/src/index.ts";
import { count } from "../design/quantities.ts";

/** The groups of the inbox, in the order in which they need the owner. */
export const groupNames = ["needs", "working", "unread", "idle"] as const;
export type GroupName = (typeof groupNames)[number];

export const groupWords: Record<GroupName, string> = {
  needs: "Needs you",
  working: "Working",
  unread: "Done, unread",
  idle: "Idle",
};

export interface InboxGroup {
  name: GroupName;
  sessions: Session[];
}

/** A session whose lease was warned about needs its owner as well: else it ends. */
export function groupOf(session: Session): GroupName {
  const { state, openPermissions, lastError, unread, queuedTurns, runningTasks, lease } = session;
  if (openPermissions > 0 || state === "waiting" || state === "quarantined") return "needs";
  if (state === "busy" || queuedTurns > 0) return "working";
  if (lastError !== undefined && unread > 0) return "needs";
  if (lease.warnedAt !== undefined && state !== "expired" && state !== "closed") return "needs";
  if (unread > 0) return "unread";
  return runningTasks > 0 ? "working" : "idle";
}

/** The sessions in groups, in each the latest first; those that are closed only when they are looked for. */
export function inboxGroups(sessions: readonly Session[], search: string): InboxGroup[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const isFound = ({ title, projectPath, lastText = "" }: Session) => {
    const text = `${title} ${projectPath} ${lastText}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = sessions
    .filter((session) => isFound(session) && (session.state !== "closed" || words.length > 0))
    .toSorted((a, b) => b.lastActivityAt - a.lastActivityAt);
  return groupNames
    .map((name) => ({ name, sessions: found.filter((session) => groupOf(session) === name) }))
    .filter((group) => group.sessions.length > 0);
}

const groupSentences: Record<Exclude<GroupName, "needs">, (sessions: string) => string> = {
  working: (sessions) => `${sessions} working.`,
  unread: (sessions) => `${sessions} done and unread.`,
  idle: (sessions) => `${sessions} idle.`,
};

/** The state of the inbox in sentences, the one about what needs the owner first. */
export function inboxInWords(groups: readonly InboxGroup[]): string[] {
  if (groups.length === 0) return ["Begin with a new session."];
  const sizeOf = (name: GroupName) => groups.find((group) => group.name === name)?.sessions.length ?? 0;
  const needs = sizeOf("needs");
  const first =
    needs === 0 ? "Nothing needs you." : `${count(needs, "session")} ${needs === 1 ? "needs" : "need"} you.`;
  const others = (["working", "unread", "idle"] as const).filter((name) => sizeOf(name) > 0);
  return [first, ...others.map((name) => groupSentences[name](String(sizeOf(name))))];
}
