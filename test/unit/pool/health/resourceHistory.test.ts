import { expect, test } from "@jest/globals";
import { ResourceHistory } from "../../../../server/pool/health/resourceHistory.ts";

const usage = (...rows: Array<[sessionId: string, rssBytes: number, cpuPercent: number]>) =>
  new Map(rows.map(([sessionId, rssBytes, cpuPercent]) => [sessionId, { rssBytes, cpuPercent }]));

test("C06: samples are summed up for the pool and kept for each session that still has a process", () => {
  const history = new ResourceHistory();
  history.note(1_000, usage(["a", 10, 1.04], ["b", 20, 2]));
  history.note(6_000, usage(["b", 30, 4]));
  expect(history.view()).toEqual({
    points: [
      { at: 1_000, memoryBytes: 30, cpuPercent: 3, liveSessions: 2 },
      { at: 6_000, memoryBytes: 30, cpuPercent: 4, liveSessions: 1 },
    ],
    sessions: [
      {
        sessionId: "b",
        points: [
          { at: 1_000, rssBytes: 20, cpuPercent: 2 },
          { at: 6_000, rssBytes: 30, cpuPercent: 4 },
        ],
      },
    ],
  });
});

test("C06: nothing older than ten minutes is kept, and no more than 240 samples", () => {
  const history = new ResourceHistory();
  history.note(0, usage(["a", 1, 1]));
  history.note(600_001, usage(["a", 2, 1]));
  expect(history.view().points.map(({ at }) => at)).toEqual([600_001]);
  for (let at = 600_002; at < 600_402; at += 1) history.note(at, usage(["a", 3, 1]));
  const { points, sessions } = history.view();
  expect([points.length, sessions[0]!.points.length, points[0]!.at]).toEqual([240, 240, 600_162]);
});
