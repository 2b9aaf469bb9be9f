import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  startDefaultServer,
} from "../../support/server/daylongServer.ts";
import { connect, type ReceivedFrame, type SocketClient } from "../../support/server/socketClient.ts";

const turnMs = 120_000;

describe("Claude asks before it acts", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let socket: SocketClient;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startDefaultServer(benchEnvironment(bench, model.url));
    const phone = await server.pair("phone");
    socket = await connect({ url: `${server.url.replace("http", "ws")}/ws`, token: phone.token });
  });
  afterAll(async () => {
    await socket.close();
    expect(await server.kill("SIGTERM")).toBe(0);
    await model.stop();
    bench.remove();
  });

  let count = 0;
  /** Tells Claude to touch a file and resolves when the phone is asked. */
  async function askToTouch(file: string, more: Record<string, unknown> = {}) {
    count += 1;
    const ref = `touch-${count}`;
    socket.send({
      type: "send",
      ref,
      clientMessageId: ref,
      projectPath: bench.project,
      message: `run: touch ${file}`,
      ...more,
    });
    const accepted = await socket.waitForRef(ref, turnMs);
    const { event } = await socket.waitFor(
      (frame) => frame.event?.type === "permission.requested" && frame.event.turnId === accepted.turnId,
      turnMs,
    );
    const permission = event?.data as {
      permissionId: string;
      toolName: string;
      kind: string;
      title: string;
      expiresAt: number;
    };
    return { accepted, permission };
  }
  const turnEnd = (turnId: string | undefined) =>
    socket.waitFor(
      (frame: ReceivedFrame) => frame.event?.turnId === turnId && frame.event?.type === "turn.completed",
      turnMs,
    );
  const happened = (file: string) => existsSync(join(bench.project, file));

  test("P01 P03: asked over the socket, denied over the socket: the tool does not run", async () => {
    const { accepted, permission } = await askToTouch("denied.txt");
    expect(permission).toMatchObject({ toolName: "Bash", kind: "tool", title: expect.any(String) });
    const { body: open } = await server.ask("GET", "/api/permissions");
    expect(open.permissions.map((one: { permissionId: string }) => one.permissionId)).toEqual([
      permission.permissionId,
    ]);
    expect((await server.ask("GET", `/api/sessions/${accepted.sessionId}`)).body).toMatchObject({
      state: "waiting",
      openPermissions: 1,
    });
    socket.send({
      type: "permission",
      ref: "deny",
      permissionId: permission.permissionId,
      decision: "deny",
      message: "Not today.",
    });
    expect(await socket.waitForRef("deny")).toMatchObject({ type: "result" });
    const done = await turnEnd(accepted.turnId);
    expect(JSON.stringify(done.event?.data)).toContain("Not today.");
    expect(happened("denied.txt")).toBe(false);
  });

  test("P01 P03: allowed over HTTP: the tool runs; the same answer again is fine, another is a conflict", async () => {
    const { accepted, permission } = await askToTouch("allowed.txt");
    expect(happened("allowed.txt")).toBe(false);
    const path = `/api/permissions/${permission.permissionId}`;
    const first = await server.ask("POST", path, { decision: "allow" });
    expect(first).toMatchObject({
      status: 200,
      body: { permissionId: permission.permissionId, state: "resolved", decision: "allow" },
    });
    expect((await server.ask("POST", path, { decision: "allow" })).status).toBe(200);
    expect((await server.ask("POST", path, { decision: "deny" })).body.code).toBe(
      "permission_already_resolved",
    );
    await turnEnd(accepted.turnId);
    expect(happened("allowed.txt")).toBe(true);
  });

  test("P03: an unanswered request times out as a denial, and a late answer is told so", async () => {
    // For this one only: the others are answered, however long a busy machine takes for it.
    await server.ask("PATCH", "/api/settings", { permissionTimeoutMinutes: 0.05 });
    const { accepted, permission } = await askToTouch("late.txt");
    await server.ask("PATCH", "/api/settings", { permissionTimeoutMinutes: null });
    const expired = await socket.waitFor(
      (frame) => frame.event?.type === "permission.expired" && frame.event.turnId === accepted.turnId,
      turnMs,
    );
    expect(expired.event?.data).toMatchObject({ reason: "timed_out" });
    expect((expired.event?.at ?? 0) - permission.expiresAt).toBeGreaterThanOrEqual(0);
    const late = await server.ask("POST", `/api/permissions/${permission.permissionId}`, {
      decision: "allow",
    });
    expect([late.status, late.body.code]).toEqual([410, "permission_expired"]);
    await turnEnd(accepted.turnId);
    expect(happened("late.txt")).toBe(false);
  });

  test("P04 S14: an answer for the session is not asked for again, not by its next process either, and holds in no other session", async () => {
    const { accepted, permission } = await askToTouch("again.txt");
    await server.ask("POST", `/api/permissions/${permission.permissionId}`, {
      decision: "allow",
      scope: "session",
    });
    await turnEnd(accepted.turnId);
    const { sessionId } = accepted;
    const touchAgain = async () => {
      const again = await server.ask(
        "POST",
        "/api/chat",
        { message: "run: touch again.txt", sessionId },
        { headers: { prefer: "wait=120" } },
      );
      expect(again.body.state).toBe("completed");
      return socket.events.filter(
        (event) => event.type === "permission.requested" && event.turnId === again.body.turnId,
      );
    };
    expect(await touchAgain()).toEqual([]);
    await server.ask("POST", "/api/sessions/cancel", { sessionId });
    expect(await touchAgain()).toEqual([]);
    const other = await askToTouch("again.txt");
    expect(other.accepted.sessionId).not.toBe(sessionId);
    await server.ask("POST", `/api/permissions/${other.permission.permissionId}`, { decision: "deny" });
    await turnEnd(other.accepted.turnId);
  });

  test("P05: bypassPermissions is refused unless the owner enabled it; dontAsk denies without asking", async () => {
    const refused = await server.ask("POST", "/api/chat", {
      message: "hi",
      projectPath: bench.project,
      permissionMode: "bypassPermissions",
    });
    expect([refused.status, refused.body.code]).toEqual([403, "permission_mode_forbidden"]);
    const quiet = await server.ask(
      "POST",
      "/api/chat",
      { message: "run: touch quiet.txt", projectPath: bench.project, permissionMode: "dontAsk" },
      { headers: { prefer: "wait=120" } },
    );
    expect(quiet.body.state).toBe("completed");
    expect(happened("quiet.txt")).toBe(false);
  });

  test("an interrupt while a request is open ends both", async () => {
    const { accepted, permission } = await askToTouch("interrupted.txt");
    await server.ask("POST", "/api/chat/interrupt", { sessionId: accepted.sessionId });
    await socket.waitFor(
      (frame) => frame.event?.type === "turn.interrupted" && frame.event.turnId === accepted.turnId,
      turnMs,
    );
    const late = await server.ask("POST", `/api/permissions/${permission.permissionId}`, {
      decision: "allow",
    });
    expect(late.status).toBe(410);
    expect(happened("interrupted.txt")).toBe(false);
  });
});
