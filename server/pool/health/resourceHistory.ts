import type { ResourceHistoryView } from "../port.ts";

type PoolSample = ResourceHistoryView["points"][number];
type SessionSample = ResourceHistoryView["sessions"][number]["points"][number];

/** Charts show ten minutes. */
const keptMs = 10 * 60_000;
/** Samples may be set to come more often than a chart can show. */
const mostPoints = 240;

/** Ring buffer of the newest samples of memory and CPU, of the pool and of each session that has a process; in memory only. */
export class ResourceHistory {
  readonly #points: PoolSample[] = [];
  #sessions = new Map<string, SessionSample[]>();

  /** Takes one sample; sessions that are not in it have no process any more and are forgotten. */
  note(at: number, usage: ReadonlyMap<string, { rssBytes: number; cpuPercent: number }>): void {
    const total = { at, memoryBytes: 0, cpuPercent: 0, liveSessions: usage.size };
    const sessions = new Map<string, SessionSample[]>();
    for (const [sessionId, { rssBytes, cpuPercent }] of usage) {
      total.memoryBytes += rssBytes;
      total.cpuPercent += cpuPercent;
      const points = this.#sessions.get(sessionId) ?? [];
      points.push({ at, rssBytes, cpuPercent: rounded(cpuPercent) });
      cut(points, at);
      sessions.set(sessionId, points);
    }
    total.cpuPercent = rounded(total.cpuPercent);
    this.#points.push(total);
    cut(this.#points, at);
    this.#sessions = sessions;
  }

  view(): ResourceHistoryView {
    return {
      points: [...this.#points],
      sessions: [...this.#sessions].map(([sessionId, points]) => ({ sessionId, points: [...points] })),
    };
  }
}

const rounded = (percent: number): number => Math.round(percent * 10) / 10;

function cut(points: Array<{ at: number }>, now: number): void {
  while (points.length > mostPoints || (points[0] !== undefined && points[0].at < now - keptMs))
    points.shift();
}
