import type { DaylongEvent } from "../../../../client/src/index.ts";
import { spanInWords } from "../../design/times.ts";
import type { Mark } from "./entries.ts";

type Line = Pick<Mark, "tone" | "text">;

const plain = (text: string): Line => ({ tone: "plain", text });
const need = (text: string): Line => ({ tone: "need", text });
const bad = (text: string): Line => ({ tone: "bad", text });

/** The line that an event leaves in the conversation; `undefined`: none. */
export function markOf(event: DaylongEvent): Line | undefined {
  switch (event.type) {
    case "turn.started":
      return originWords[event.data.origin];
    case "turn.failed":
      return bad(`Failed: ${event.data.detail}`);
    case "turn.interrupted":
      return event.data.code === "interrupted"
        ? plain("Stopped.")
        : need(`Interrupted: ${event.data.detail}`);
    case "session.compacted": {
      const { tokensBefore, tokensAfter } = event.data;
      const after = tokensAfter === undefined ? "" : ` to ${tokensAfter.toLocaleString()}`;
      return plain(`The conversation was summed up: ${tokensBefore.toLocaleString()} tokens${after}.`);
    }
    case "session.renewed":
      return event.data.reason === "activity" ? undefined : plain("Kept alive for the next 24 hours.");
    case "session.expiring":
      return need(`Expires in ${spanInWords(event.data.timeRemainingMs)}.`);
    case "session.expired":
      return need("Expired. A message brings it back with its context.");
    case "session.crashed":
      return bad(`Claude’s process ended: ${event.data.detail}`);
    case "session.recovered":
      return plain("Claude’s process runs again.");
    case "session.quarantined":
      return bad(`Paused after repeated crashes: ${event.data.detail}`);
    case "session.closed":
      return plain("Closed.");
    case "session.recap":
      return plain(`Recap: ${event.data.text}`);
    case "task.finished": {
      const { description, state, cutOff } = event.data;
      if (state === "completed") return plain(`Task done: ${description}`);
      if (state === "failed") return need(`Task failed: ${description}`);
      return cutOff ? need(`Task cut off: ${description}`) : plain(`Task stopped: ${description}`);
    }
    case "permission.resolved":
      return plain(event.data.decision === "allow" ? "Allowed." : "Denied.");
    case "permission.expired":
      return event.data.reason === "timed_out"
        ? need("A permission was not answered in time: denied.")
        : undefined;
    case "notice":
      return need(event.data.text);
    case "limit.reached":
      return need(`Limit reached: ${event.data.detail}`);
    case "limit.lifted":
      return plain("The limit is lifted.");
    case "resource.warning":
      return need(event.data.detail);
    case "login.required":
      return bad(`Claude has to be logged in on the computer: ${event.data.detail}`);
    default:
      return undefined;
  }
}

const originWords: Record<string, Line | undefined> = {
  task: plain("Claude goes on: a task has something to say."),
  schedule: plain("Claude goes on, as it had planned."),
  agent: plain("Claude goes on: another agent wrote."),
  other: plain("Claude goes on by itself."),
};
