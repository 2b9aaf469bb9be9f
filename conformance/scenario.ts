import type { ClientProcess, Report } from "./clientProcess.ts";
import type { PlayedServer } from "./play/playedServer.ts";
import type { Verdicts } from "./verdicts.ts";

/** What a scenario plays with. */
export interface Stage {
  server: PlayedServer;
  client: ClientProcess;
  verdicts: Verdicts;
  /** Waits until it is so; rejects with `what` after the time (20 s). The client's news wake it. */
  until(what: string, check: () => boolean, withinMs?: number): Promise<void>;
  /** Waits until a report of the client's is so; gives that one, or the last. */
  reportWhere(check: (report: Report) => boolean, withinMs?: number): Promise<Report>;
  /** Starts the client, and waits for its hello. */
  begin(): Promise<void>;
  pause(ms: number): Promise<void>;
}

/** A flow with one or several ugly turns, and the sentences of the specification that it looks at. */
export interface Scenario {
  name: string;
  about: string;
  sentences: readonly string[];
  play(stage: Stage): Promise<void>;
}

/** All texts of a report, in their order: `user: Hi`. */
export const linesOf = (report: Report): string[] =>
  report.sessions.flatMap(({ messages }) => messages.map(({ role, text }) => `${role}: ${text}`));
