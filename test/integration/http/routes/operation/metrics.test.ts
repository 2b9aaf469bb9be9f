import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Metrics } from "../../../../../server/app/metrics.ts";
import { MemoryPush } from "../../../../support/push/memoryPush.ts";
import { MemoryConnection } from "../../../../unit/delivery/memoryLog.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

/** The figures, by name with labels. */
async function figures(): Promise<Map<string, number>> {
  const { status, headers, text } = await rig.ask("GET", "/metrics", { token: rig.device("read").token });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const cut = line.lastIndexOf(" ");
      return [line.slice(0, cut), Number(line.slice(cut + 1))];
    }),
  );
}

describe("O07: GET /metrics", () => {
  test("it is for holders of a token, as the rest is", async () => {
    expectProblem(await rig.ask("GET", "/metrics", { token: null }), 401, "unauthenticated");
  });

  test("it shows sessions by state, the queue, sockets and what became of turns", async () => {
    const body = { projectPath: rig.project, message: "Hello." };
    const { sessionId, turnId } = (await rig.ask("POST", "/api/chat", { body })).body as Record<
      string,
      string
    >;
    await rig.host.prompted(turnId!);
    await rig.ask("POST", "/api/chat", { body: { sessionId, message: "And then?" } });
    await rig.ask("POST", "/api/sessions", { body: { projectPath: rig.project } });
    for (const deviceId of ["one", "two"]) rig.connections.add(new MemoryConnection(deviceId));
    const before = await figures();
    expect(before.get('daylong_sessions{state="busy"}')).toBe(1);
    expect(before.get('daylong_sessions{state="parked"}')).toBe(1);
    expect(before.get("daylong_processes")).toBe(1);
    expect(before.get('daylong_sessions{state="closed"}')).toBe(0);
    expect(before.get("daylong_turns_queued")).toBe(1);
    expect(before.get("daylong_sockets")).toBe(2);
    expect(before.get('daylong_turns_total{event="accepted"}')).toBe(2);
    expect(before.get('daylong_turns_total{event="completed"}')).toBe(0);

    await rig.pool.complete(turnId!, { durationMs: 1_200 });
    const after = await figures();
    expect(after.get('daylong_turns_total{event="completed"}')).toBe(1);
    expect(after.get('daylong_turn_duration_seconds_bucket{le="1"}')).toBe(0);
    expect(after.get('daylong_turn_duration_seconds_bucket{le="2"}')).toBe(1);
    expect(after.get("daylong_turn_duration_seconds_sum")).toBeCloseTo(1.2);
  });

  test("requests are counted by route and status, so that no id and no address becomes a label", async () => {
    await rig.ask("GET", "/api/sessions/6a5b4c3d-0000-4000-8000-000000000000");
    await rig.ask("GET", "/api/nowhere/6a5b4c3d-0000-4000-8000-000000000000");
    await rig.ask("GET", "/api/sessions", { token: null });
    const names = await figures();
    const count = (labels: string) => names.get(`daylong_http_request_duration_seconds_count{${labels}}`);
    expect(count('method="GET",route="/api/sessions/:id",status="404"')).toBe(1);
    expect(count('method="GET",route="(none)",status="404"')).toBe(1);
    expect(count('method="GET",route="/api/sessions",status="401"')).toBe(1);
    expect([...names.keys()].join()).not.toContain("6a5b4c3d");
  });

  test("the dashboard asks for nothing that is not there, and leaves nothing out", async () => {
    const { text } = await rig.ask("GET", "/metrics");
    const served = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => ({
      name: name!,
      type,
    }));
    const dashboard = JSON.parse(readFileSync(resolve("docs/grafana.json"), "utf8")) as {
      panels: Array<{ targets: Array<{ expr: string }> }>;
    };
    const asked = dashboard.panels
      .flatMap(({ targets }) => targets)
      .flatMap(({ expr }) => expr.match(/\b(daylong|nodejs|process)_\w+/g) ?? [])
      .map((name) => name.replace(/_(bucket|count|sum)$/, ""));
    const names = new Set(served.map(({ name }) => name));
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
    const own = [...names].filter((name) => name.startsWith("daylong_"));
    expect(own.filter((name) => !asked.includes(name))).toEqual([]);
  });

  test("commits, pushes and the event loop are measured", async () => {
    const metrics = rig.parts.prometheus as Metrics;
    metrics.observeCommit(0.6);
    const pushes = metrics.counted(
      new MemoryPush().answerNext({ outcome: "gone", status: 410, reason: "Unregistered", latencyMs: 3 }),
    );
    const target = { provider: "apns", token: "ab", environment: "production", registeredAt: 0 } as const;
    const content = { kind: "reply", cursor: 1, sessionId: "s", title: "t", body: "b", badge: 1 } as const;
    for (const deliveryId of ["a", "b"]) await pushes.send({ deliveryId, at: 0, target, content });
    const names = await figures();
    expect(names.get('daylong_push_attempts_total{kind="reply",outcome="gone"}')).toBe(1);
    expect(names.get('daylong_push_attempts_total{kind="reply",outcome="sent"}')).toBe(1);
    expect(names.get('daylong_commit_duration_seconds_bucket{le="0.0005"}')).toBe(0);
    expect(names.get('daylong_commit_duration_seconds_bucket{le="0.001"}')).toBe(1);
    expect(names.has("nodejs_eventloop_lag_p99_seconds")).toBe(true);
    expect(names.has("process_resident_memory_bytes")).toBe(true);
  });
});
