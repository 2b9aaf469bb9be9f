import { describe, expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const admin = { deviceId: "local", scope: "admin" } as const;

/** Reads the lines of an output as they come. */
async function follow(sessionId: string, token = rig.adminToken) {
  const leave = new AbortController();
  const response = await fetch(`${rig.url}/api/sessions/${sessionId}/output?follow=true`, {
    headers: { authorization: `Bearer ${token}` },
    signal: leave.signal,
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  const next = async (): Promise<{ role: string; content: string; timestamp: string } | undefined> => {
    for (;;) {
      const end = rest.indexOf("\n");
      if (end >= 0) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 1);
        return JSON.parse(line);
      }
      const { value, done } = await reader.read();
      if (done) return undefined;
      rest += value;
    }
  };
  return { response, next, leave: () => leave.abort() };
}
const begin = () => {
  const accepted = rig.pool.submitNow({ caller: admin, message: "Hello", projectPath: rig.project });
  return accepted;
};

describe("S30: output that is followed", () => {
  test("S30: begins with the first word, goes on with what is said, and ends with the session", async () => {
    const { sessionId, turnId } = begin();
    const lines = await follow(sessionId);
    expect(lines.response.headers.get("content-type")).toContain("application/x-ndjson");
    expect(await lines.next()).toMatchObject({
      role: "user",
      content: "Hello",
      timestamp: new Date(rig.clock.now()).toISOString(),
    });
    await rig.pool.complete(turnId, { text: "Hi." });
    expect(await lines.next()).toMatchObject({ role: "assistant", content: "Hi." });
    const next = rig.pool.submitNow({ caller: admin, message: "More", sessionId });
    expect(await lines.next()).toMatchObject({ role: "user", content: "More" });
    await rig.pool.complete(next.turnId, { text: "Bye." });
    rig.store.transaction(() => {
      rig.store.sessions.setState(sessionId, "closed");
      rig.store.events.append({ sessionId, type: "session.closed", data: { by: "local" } });
    });
    expect(await lines.next()).toMatchObject({ role: "assistant", content: "Bye." });
    expect(await lines.next()).toBeUndefined();
  });

  test("S30: after the end it is whole and over at once, followed or not", async () => {
    const { sessionId, turnId } = begin();
    await rig.pool.complete(turnId, { text: "Hi." });
    rig.store.sessions.setState(sessionId, "expired");
    const lines = await follow(sessionId);
    expect([(await lines.next())?.content, (await lines.next())?.content, await lines.next()]).toEqual([
      "Hello",
      "Hi.",
      undefined,
    ]);
    const once = await rig.ask("GET", `/api/sessions/${sessionId}/output`);
    expect(once.text.trim().split("\n")).toHaveLength(2);
  });

  test("S30: a reader that leaves is let go of, and one whose device is revoked is cut off", async () => {
    let heard = 0;
    const subscribe = rig.store.events.subscribe.bind(rig.store.events);
    rig.store.events.subscribe = (listener) => {
      heard += 1;
      const unsubscribe = subscribe(listener);
      return () => {
        heard -= 1;
        changed();
        unsubscribe();
      };
    };
    let changed = () => {};
    const { sessionId } = begin();
    const first = await follow(sessionId);
    await first.next();
    expect(heard).toBe(1);
    const letGo = new Promise<void>((resolve) => {
      changed = resolve;
    });
    first.leave();
    await letGo;
    expect(heard).toBe(0);
    const { deviceId, token } = rig.device("read");
    const second = await follow(sessionId, token);
    await second.next();
    rig.access.revoke(deviceId, admin);
    expect(await second.next()).toBeUndefined();
    expect(heard).toBe(0);
  });

  test("S30: the stop of the server ends it", async () => {
    const { sessionId } = begin();
    const lines = await follow(sessionId);
    await lines.next();
    rig.stopping.abort();
    expect(await lines.next()).toBeUndefined();
  });

  test("S30: a reader that takes nothing costs one page, however much is said", async () => {
    const { sessionId, turnId } = begin();
    await rig.pool.complete(turnId, { text: "Hi." });
    let asked = 0;
    const ofSession = rig.store.events.ofSession.bind(rig.store.events);
    rig.store.events.ofSession = (...wanted) => {
      asked += 1;
      return ofSession(...wanted);
    };
    const text = "x".repeat(200_000);
    const say = (count: number) =>
      rig.store.transaction(() => {
        for (let index = 0; index < count; index += 1)
          rig.store.events.append({
            sessionId,
            type: "message",
            data: { messageId: `${asked}-${index}`, text },
          });
      });
    say(200);
    const lines = await follow(sessionId);
    expect((await lines.next())?.content).toBe("Hello");
    const first = asked;
    for (let count = 0; count < 201; count += 1) expect((await lines.next())?.role).toBe("assistant");
    // Of the 40 MB what fits into the pipes was read at first, and the rest when somebody took it.
    expect(first).toBeLessThan(asked / 2);
    lines.leave();
  });

  test("S30: a device follows so many at once and no more; one that ends makes room", async () => {
    const { sessionId } = begin();
    const { token } = rig.device("read");
    const followed = [];
    for (let count = 0; count < 20; count += 1) {
      const lines = await follow(sessionId, token);
      await lines.next();
      followed.push(lines);
    }
    const path = `/api/sessions/${sessionId}/output?follow=true`;
    expectProblem(await rig.ask("GET", path, { token }), 429, "rate_limited");
    expect((await follow(sessionId)).response.status).toBe(200);
    rig.store.transaction(() => {
      rig.store.sessions.setState(sessionId, "closed");
      rig.store.events.append({ sessionId, type: "session.closed", data: { by: "local" } });
    });
    for (const lines of followed) expect(await lines.next()).toBeUndefined();
    expect((await rig.ask("GET", path, { token })).status).toBe(200);
  });

  test("S30: an unknown session has none, and a wrong word is refused", async () => {
    expectProblem(await rig.ask("GET", "/api/sessions/unknown/output?follow=true"), 404, "session_not_found");
    const { sessionId } = begin();
    expectProblem(
      await rig.ask("GET", `/api/sessions/${sessionId}/output?follow=perhaps`),
      400,
      "invalid_request",
    );
  });
});
