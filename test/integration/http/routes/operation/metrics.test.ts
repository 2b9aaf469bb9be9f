import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Metrics } from "../../../../../server/app/metrics/metrics.ts";
import type { DeliveryFigures } from "../../../../../server/http/dependencies.ts";
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

  test("the alert rules ask for nothing that is not there", async () => {
    const { text } = await rig.ask("GET", "/metrics");
    const names = new Set([...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name!));
    const rules = readFileSync(resolve("docs/alerts.yml"), "utf8");
    const asked = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr!);
    expect(asked.length).toBe(rules.match(/- alert: \w+/g)?.length);
    const used = asked.flatMap((expr) => expr.match(/\bdaylong_\w+/g) ?? []);
    expect(used.length).toBeGreaterThan(10);
    expect(
      used.map((name) => name.replace(/_(bucket|count|sum)$/, "")).filter((name) => !names.has(name)),
    ).toEqual([]);
    // What is promised to be zero rings.
    expect(used).toEqual(expect.arrayContaining(["daylong_turns_lost", "daylong_delivered_twice_total"]));
  });

  test("only counters end in _total, as promtool wants it", async () => {
    const { text } = await rig.ask("GET", "/metrics");
    const types = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => ({
      name: name!,
      type,
    }));
    expect(types.map(({ name }) => name)).toContain("nodejs_active_handles");
    expect(types.filter(({ name, type }) => name.endsWith("_total") && type !== "counter")).toEqual([]);
  });

  test("every line is one of Prometheus' text format: help and type before samples, buckets that grow up to the count", async () => {
    rig.connections.add(new MemoryConnection("one"));
    await rig.ask("POST", "/api/sessions", { body: { projectPath: rig.project } });
    const { text } = await rig.ask("GET", "/metrics");
    expect(text.endsWith("\n")).toBe(true);
    const types = new Map<string, string>();
    const buckets = new Map<string, number[]>();
    const samples = new Set<string>();
    for (const line of text.split("\n").filter((one) => one !== "")) {
      const comment = /^# (HELP|TYPE) ([a-z_][a-z0-9_]*) (.+)$/.exec(line);
      if (comment?.[1] === "TYPE") {
        expect(comment[3]).toMatch(/^(counter|gauge|histogram|summary)$/);
        expect(types.has(comment[2]!)).toBe(false);
        types.set(comment[2]!, comment[3]!);
      }
      if (comment) continue;
      const sample =
        /^([a-z_][a-z0-9_]*)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[\d.e+-]+|\+Inf|nan)$/i.exec(line);
      expect([line, sample === null]).toEqual([line, false]);
      const [, name = "", labels = "", value = ""] = sample!;
      expect(samples.has(name + labels)).toBe(false);
      samples.add(name + labels);
      const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
      expect([name, types.has(family)]).toEqual([name, true]);
      if (types.get(family) === "counter") expect([name, Number(value) >= 0]).toEqual([name, true]);
      if (!name.endsWith("_bucket")) continue;
      const series = family + labels.replace(/le="[^"]+",?/, "").replace("{}", "");
      buckets.set(series, [...(buckets.get(series) ?? []), Number(value)]);
      if (labels.includes('le="+Inf"')) samples.add(`${series} ${value}`);
    }
    expect(buckets.size).toBeGreaterThan(5);
    for (const [series, counts] of buckets) {
      expect([series, counts]).toEqual([series, [...counts].sort((a, b) => a - b)]);
      const count = series.replace(/^(\w+)/, "$1_count");
      expect([series, samples.has(`${series} ${counts.at(-1)}`), samples.has(count)]).toEqual([
        series,
        true,
        true,
      ]);
    }
  });

  test("delivery is measured from the commit: to the first frame, to the ack, to Apple's acceptance", async () => {
    const phone = rig.device("chat");
    const target = {
      provider: "apns",
      token: "ab".repeat(32),
      environment: "production",
      registeredAt: 0,
    } as const;
    rig.store.devices.setPush(phone.deviceId, target);
    const sockets = [new MemoryConnection("one"), new MemoryConnection("two")];
    for (const socket of sockets) {
      rig.connections.add(socket);
      rig.connections.attach(socket, rig.store.events.tip());
    }
    const before = (await rig.ask("GET", "/api/metrics/delivery")).body as unknown as DeliveryFigures;
    const body = { projectPath: rig.project, message: "Hello." };
    const { turnId } = (await rig.ask("POST", "/api/chat", { body })).body as Record<string, string>;
    await rig.host.prompted(turnId!);
    await rig.pool.complete(turnId!);
    const tip = rig.store.events.tip();
    rig.clock.advance(250);
    await rig.ask("POST", "/api/events/ack", { body: { cursor: tip }, token: phone.token });
    const names = await figures();
    const after = (await rig.ask("GET", "/api/metrics/delivery")).body as unknown as DeliveryFigures;
    const sent = sockets[0]!.cursors.length;
    expect(sent).toBeGreaterThan(4);
    expect(after.firstFrame.count - before.firstFrame.count).toBe(sent);
    expect(after.ack).toMatchObject({ p50Ms: 250 });
    expect(after).toMatchObject({ lostTurns: 0, twice: { ends: 0, frames: 0, pushes: 0 } });
    expect(names.get('daylong_event_ack_seconds_bucket{le="0.1"}')).toBe(0);
    expect(names.get('daylong_event_ack_seconds_bucket{le="0.25"}')).toBe(after.ack.count);
    expect(names.get("daylong_event_first_frame_seconds_count")).toBe(after.firstFrame.count);
    expect(names.get('daylong_events_total{type="turn.completed"}')).toBe(1);
    expect(names.get("daylong_turns_lost")).toBe(0);
  });

  test("Apple's acceptance is measured once for a delivery, and a second one is told as delivered twice", async () => {
    const metrics = rig.parts.prometheus as Metrics;
    await rig.ask("POST", "/api/sessions", { body: { projectPath: rig.project } });
    const cursor = rig.store.events.tip();
    rig.clock.advance(3_200);
    const pushes = metrics.counted(
      new MemoryPush().answerNext({ outcome: "retry", reason: "late", latencyMs: 3 }),
    );
    const target = { provider: "apns", token: "ab", environment: "production", registeredAt: 0 } as const;
    const content = { kind: "reply", cursor, sessionId: "s", title: "t", body: "b", badge: 1 } as const;
    const send = (deliveryId: string) => pushes.send({ deliveryId, at: 0, target, content });
    await send("a");
    expect(metrics.delivery().pushAccepted.count).toBe(0);
    await send("a");
    await send("b");
    expect(metrics.delivery()).toMatchObject({
      pushAccepted: { count: 2, p50Ms: 3_200 },
      twice: { pushes: 0 },
    });
    await send("a");
    const names = await figures();
    expect(names.get('daylong_delivered_twice_total{what="push"}')).toBe(1);
    expect(names.get('daylong_event_push_accepted_seconds_bucket{le="3"}')).toBe(0);
    expect(names.get('daylong_event_push_accepted_seconds_bucket{le="3.5"}')).toBe(3);
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
