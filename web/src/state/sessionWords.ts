import type { Activity, Session } from "../../../client/src/index.ts";
import { count } from "../design/quantities.ts";
import { shortSpan, spanInWords } from "../design/times.ts";
import { visible } from "../design/visibleText.ts";

/** How urgent the state is, for its colour. */
export type Tone = "quiet" | "working" | "need" | "bad";

export interface StateWords {
  tone: Tone;
  text: string;
}

/** A shorter span is "now". */
const worthSayingMs = 3_000;

/**
 * The session's state in a sentence: what it does, what it waits for, what brings it back. Words that are being written are
 * newer than the last tool.
 */
export function stateWords(
  session: Session,
  now: number,
  activity?: Activity,
  isWriting = false,
): StateWords {
  const { state, turn, openPermissions, runningTasks, queuedTurns } = session;
  if (openPermissions > 0)
    return { tone: "need", text: `Waiting for you: ${count(openPermissions, "decision")}` };
  switch (state) {
    case "waiting":
      return { tone: "need", text: "Waiting for you" };
    case "busy": {
      if (session.compacting) return { tone: "working", text: "Summing up the conversation to make room" };
      const spanMs = turn ? now - turn.startedAt : 0;
      const since = spanMs >= worthSayingMs ? ` for ${spanInWords(spanMs)}` : "";
      const what = isWriting ? "writing" : (activityWords(activity) ?? turn?.lastTool);
      return { tone: "working", text: `Working${since}${what ? `: ${what}` : ""}` };
    }
    case "quarantined":
      return { tone: "bad", text: "Paused after repeated crashes" };
    case "expired":
      return { tone: "quiet", text: "Expired: a message brings it back" };
    case "closed":
      return { tone: "quiet", text: "Closed" };
    case "idle":
    case "parked": {
      if (queuedTurns > 0) return { tone: "working", text: `Queued: ${count(queuedTurns, "message")}` };
      if (runningTasks > 0) return { tone: "working", text: `${count(runningTasks, "task")} running` };
      if (session.lastError) return { tone: "bad", text: `Failed: ${session.lastError.detail}` };
      if (state === "idle") return { tone: "quiet", text: "Idle" };
      const isNew = session.turnCount === 0;
      return {
        tone: "quiet",
        text: isNew ? "Starts with your first message" : "Parked: wakes with your next message",
      };
    }
  }
}

export function activityWords(activity: Activity | undefined): string | undefined {
  switch (activity?.kind) {
    case "thinking":
      return "thinking";
    case "tool": {
      const agent = activity.agent?.type ?? activity.agent?.description;
      return agent ? `${agent}: ${activity.title}` : activity.title;
    }
    case "compacting":
      return "summing up the conversation";
    case "retrying":
      return `${retryReasons[activity.reason]}, try ${activity.attempt}`;
    default:
      return undefined;
  }
}

const retryReasons: Record<Extract<Activity, { kind: "retrying" }>["reason"], string> = {
  no_connection: "the computer has no network",
  overloaded: "Claude is overloaded",
  server_error: "Claude’s servers fail",
  rate_limit: "a rate limit holds it up",
  login: "the login is refused",
  other: "a request failed",
};

/** What is left of the lease; the share is of its 24 hours. */
export function leaseLeft({ lease }: Session, now: number): { share: number; short: string; long: string } {
  const leftMs = Math.max(0, lease.expiresAt - now);
  const termMs = Math.max(1, lease.expiresAt - lease.startedAt);
  return {
    share: Math.min(1, leftMs / termMs),
    short: leftMs === 0 ? "expired" : shortSpan(leftMs),
    long: leftMs === 0 ? "Expired" : `Expires in ${spanInWords(leftMs)}`,
  };
}

/** The folder's own name, as it is shown: a repository may have chosen it. */
export const projectName = (path: string): string =>
  visible(path.split("/").findLast((part) => part !== "") ?? path);

/** What the owner calls the session: its title, or its project when it has none of its own. */
export const sessionTitle = ({ title, projectPath }: Session): string =>
  title === "" || title === "New session" ? projectName(projectPath) : visible(title);
