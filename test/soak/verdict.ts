import type { LoggedEvent } from "../../server/domain/delivery/event.ts";
import { terminalTurnEvents } from "../../server/domain/delivery/event.ts";
import type { DaylongServer } from "../support/server/daylongServer.ts";
import type { Kept } from "./phone.ts";

/** What became of the messages, read from the server's own log. */
export interface Verdict {
  accepted: number;
  replied: number;
  failed: Record<string, number>;
  interrupted: Record<string, number>;
  cancelled: number;
  /** Accepted messages without an end, and turns with more than one. */
  unended: number;
  doubleEnds: number;
  /** Accepted messages that the log does not know. */
  lost: number;
  cursorGaps: number;
  seqGaps: number;
}

/** The whole log, page by page. */
export async function wholeLog(server: DaylongServer): Promise<LoggedEvent[]> {
  const log: LoggedEvent[] = [];
  for (;;) {
    const after = log.at(-1)?.cursor ?? 0;
    const { status, body } = await server.ask("GET", `/api/events?after=${after}&limit=1000`);
    if (status !== 200) throw new Error(`The log could not be read: ${status} ${JSON.stringify(body)}`);
    if (body.events.length === 0) return log;
    log.push(...(body.events as LoggedEvent[]));
  }
}

export function judge(log: readonly LoggedEvent[], kept: readonly Kept[]): Verdict {
  const verdict: Verdict = {
    accepted: kept.length,
    replied: 0,
    failed: {},
    interrupted: {},
    cancelled: 0,
    unended: 0,
    doubleEnds: 0,
    lost: 0,
    cursorGaps: 0,
    seqGaps: 0,
  };
  const known = new Set<string>();
  const ends = new Map<string, LoggedEvent[]>();
  const lastSeq = new Map<string, number>();
  for (const [index, event] of log.entries()) {
    if (event.cursor !== index + 1) verdict.cursorGaps += 1;
    if (event.sessionId !== null && event.seq !== null) {
      if (event.seq !== (lastSeq.get(event.sessionId) ?? 0) + 1) verdict.seqGaps += 1;
      lastSeq.set(event.sessionId, event.seq);
    }
    if (event.turnId === undefined) continue;
    if (event.type === "turn.accepted") known.add(event.turnId);
    if (terminalTurnEvents.has(event.type))
      ends.set(event.turnId, [...(ends.get(event.turnId) ?? []), event]);
  }
  const count = (of: Record<string, number>, code: string) => {
    of[code] = (of[code] ?? 0) + 1;
  };
  // The log's own turns too: one whose acceptance the phone never heard of has to end as well.
  for (const turnId of new Set([...known, ...kept.map((one) => one.turnId)])) {
    if (!known.has(turnId)) verdict.lost += 1;
    const [end, ...more] = ends.get(turnId) ?? [];
    verdict.doubleEnds += more.length;
    if (end === undefined) verdict.unended += 1;
    else if (end.type === "turn.completed") verdict.replied += 1;
    else if (end.type === "turn.failed") count(verdict.failed, end.data.code);
    else if (end.type === "turn.interrupted") count(verdict.interrupted, end.data.code);
    else verdict.cancelled += 1;
  }
  return verdict;
}

/** Faults of a verdict, in words; none when every promise was kept. */
export const brokenPromises = (verdict: Verdict): string[] =>
  (
    [
      [verdict.unended, "messages have no end"],
      [verdict.doubleEnds, "ends are doubles"],
      [verdict.lost, "accepted messages are not in the log"],
      [verdict.cursorGaps, "gaps in the cursor"],
      [verdict.seqGaps, "gaps in a session's sequence"],
    ] as const
  ).flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
