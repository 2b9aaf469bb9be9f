import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type ApnsStandIn, startApnsStandIn } from "../../support/push/apnsStandIn.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

describe("a phone that is away while something is wrong with the processes", () => {
  let bench: Bench;
  let apple: ApnsStandIn;
  let server: DaylongServer;

  beforeAll(async () => {
    bench = makeBench();
    apple = await startApnsStandIn({ tlsDir: bench.dir });
    server = await startServer({
      ...benchEnvironment(bench, "http://127.0.0.1:9"),
      CLAUDE_BIN: resolve("test/support/claude/cliStandIn.mjs"),
      HEALTH_INTERVAL_SECONDS: "0.2",
      RESOURCE_SAMPLE_SECONDS: "0.2",
      MAX_MEMORY_PER_SESSION_MB: "200",
      APNS_KEY_PATH: apple.keyPath,
      APNS_KEY_ID: apple.keyId,
      APNS_TEAM_ID: apple.teamId,
      APNS_BUNDLE_ID: apple.topic,
      APNS_HOST: apple.host,
      APNS_PORT: String(apple.port),
      APNS_CA_PATH: apple.caPath,
      PUSH_GRACE_MS: "0",
    });
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await apple.close();
    bench.remove();
  });

  const pushes = (kind: string) =>
    apple.requests.filter(({ payload }) => JSON.stringify(payload).includes(`"kind":"${kind}"`));

  test("F8 D09: a memory cap that was passed reaches it as one push, beside that of the turn", async () => {
    const { token } = await server.pair("phone");
    const chat = async (message: string, more: Record<string, unknown>) =>
      (
        await server.ask(
          "POST",
          "/api/chat",
          { message, ...more },
          { token, headers: { prefer: "wait=120" } },
        )
      ).body;
    const place = { projectPath: bench.project, deviceToken: "a".repeat(64) };
    const eaten = await chat("eat-and-work 250", place);
    expect(eaten.error.code).toBe("memory_limit");
    const { sessionId } = eaten;
    // By the time of the next reply's push, whatever else there is to push has been pushed.
    await chat("Hello", { sessionId });
    await eventually("the next reply's push", () => pushes("reply").length > 0);
    const [push, ...others] = pushes("resource");
    expect(others).toEqual([]);
    expect(push?.headers).toMatchObject({
      "apns-collapse-id": `resource-${sessionId}`,
      "apns-priority": "10",
      "apns-push-type": "alert",
    });
    const payload = push?.payload as { aps: Record<string, unknown>; daylong: Record<string, unknown> };
    expect(payload.daylong).toMatchObject({ v: 1, kind: "resource", sessionId });
    expect(JSON.stringify(payload.aps.alert)).toContain("200 MB");
    expect(payload.aps).toMatchObject({ category: "SESSION", "thread-id": sessionId });
    expect(pushes("failed")).toHaveLength(1);
  });
});
