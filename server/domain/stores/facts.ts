import type { DailyUse, PlanUse } from "../processes/usage.ts";
import type { SessionCommand, SessionFacts } from "../sessions/facts.ts";

/** Repository of the last known facts of sessions. */
export interface FactStore {
  /** `noFacts` for a session of which nothing is known. */
  get(sessionId: string): SessionFacts;
  /** Writes the facts that are named and leaves the others. */
  set(sessionId: string, change: Partial<SessionFacts>): void;
  /** Sessions that were last said to be compacting. */
  compacting(): string[];
  /** Lists of commands are much alike over sessions, so each is kept once. */
  keepCommands(listId: string, commands: SessionCommand[]): void;
  commands(listId: string): SessionCommand[];
}

/** Repository of use and cost. It is kept when retention cuts the events. */
export interface UsageStore {
  add(rows: readonly DailyUse[]): void;
  /** Rows of the day and later ones. */
  since(day: string): DailyUse[];
  plan(): PlanUse | undefined;
  setPlan(plan: PlanUse): void;
}
