import { beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../../support/server/daylongServer.ts";
import { useRig } from "../rig.ts";

/** What waits for the disk; `undefined`: the disk answers at once. */
let owed: Array<() => void> | undefined;
const rig = useRig((parts) => ({
  store: Object.defineProperty({ ...parts.store }, "whenDurable", {
    value: (tell: () => void) => (owed === undefined ? tell() : owed.push(tell)),
  }),
}));
beforeEach(() => {
  owed = undefined;
});

const admin = { deviceId: "local", scope: "admin" } as const;
const stop = () => {
  owed = [];
};
const goOn = () => {
  const told = owed ?? [];
  owed = undefined;
  for (const tell of told) tell();
};
/** What came of a promise by the time that a request was asked and answered twice over. */
async function soFar<T>(promise: Promise<T>): Promise<T | "nothing"> {
  let outcome: T | "nothing" = "nothing";
  void promise.then((value) => {
    outcome = value;
  });
  for (let count = 0; count < 2; count += 1) await rig.ask("GET", "/health");
  return outcome;
}

describe("V1: what HTTP tells waits for the disk", () => {
  test("V1: an acceptance, a list and a refusal wait; /health, figures and strangers do not", async () => {
    const { token } = rig.device();
    stop();
    const accepted = rig.ask("POST", "/api/chat", {
      token,
      body: { message: "Hi", projectPath: rig.project },
    });
    const listed = rig.ask("GET", "/api/sessions", { token });
    const refused = rig.ask("GET", "/api/sessions/nowhere/messages", { token });
    // It is accepted; it is only not said yet.
    const submitted = () => rig.pool.calls.filter(({ name }) => name === "submit").length;
    await eventually("the message is accepted", () => submitted() > 0, 20_000);
    expect(await soFar(Promise.race([accepted, listed, refused]))).toBe("nothing");
    expect(submitted()).toBe(1);
    expect((await rig.ask("GET", "/metrics")).status).toBe(200);
    expect((await rig.ask("GET", "/api/sessions", { token: "wrong" })).status).toBe(401);
    goOn();
    expect((await accepted).status).toBe(202);
    expect((await listed).status).toBe(200);
    expect((await refused).status).toBe(404);
  });

  test("V1: a line of a followed output waits", async () => {
    const { sessionId, turnId } = rig.pool.submitNow({
      caller: admin,
      message: "Hello",
      projectPath: rig.project,
    });
    const response = await fetch(`${rig.url}/api/sessions/${sessionId}/output?follow=true`, {
      headers: { authorization: `Bearer ${rig.adminToken}` },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain("Hello");
    stop();
    await rig.pool.complete(turnId, { text: "Done." });
    const next = reader.read();
    expect(await soFar(next)).toBe("nothing");
    goOn();
    expect((await next).value).toContain("Done.");
    await reader.cancel();
  });

  test("V1: that a followed output is over, because its session is, waits", async () => {
    const { sessionId, turnId } = rig.pool.submitNow({
      caller: admin,
      message: "Hello",
      projectPath: rig.project,
    });
    await rig.pool.complete(turnId, { text: "Done." });
    const response = await fetch(`${rig.url}/api/sessions/${sessionId}/output?follow=true`, {
      headers: { authorization: `Bearer ${rig.adminToken}` },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("Done.")) text += (await reader.read()).value;
    stop();
    rig.store.transaction(() => {
      rig.store.sessions.setState(sessionId, "closed");
      rig.store.events.append({ sessionId, type: "session.closed", data: { by: "local" } });
    });
    const end = reader.read();
    expect(await soFar(end)).toBe("nothing");
    goOn();
    expect((await end).done).toBe(true);
  });

  test("V1 C03: the words of a completion do not wait, its end does", async () => {
    const begun = new Promise<{ sessionId: string; turnId: string }>((resolve) => {
      const unsubscribe = rig.store.events.subscribe((events) => {
        const accepted = events.find((event) => event.type === "turn.accepted");
        if (accepted === undefined) return;
        unsubscribe();
        resolve({ sessionId: accepted.sessionId ?? "", turnId: accepted.turnId ?? "" });
      });
    });
    const asked = fetch(`${rig.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${rig.adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "default", stream: true, messages: [{ role: "user", content: "Hi" }] }),
    });
    const { sessionId, turnId } = await begun;
    rig.feed.delta(sessionId, turnId, "Some ");
    const reader = (await asked).body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    const until = async (piece: string) => {
      while (!text.includes(piece)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`The stream ended without ${piece}: ${text}`);
        text += value;
      }
    };
    await until("Some ");
    stop();
    rig.feed.delta(sessionId, turnId, "words");
    await until("words");
    await rig.pool.complete(turnId, { text: "Some words" });
    const end = until("[DONE]");
    expect(await soFar(end)).toBe("nothing");
    expect(text).not.toContain('"finish_reason":"stop"');
    goOn();
    await end;
    expect(text).toContain('"finish_reason":"stop"');
  });
});
