import { describe, expect, test } from "@jest/globals";

import type { ErrorCode, Reply } from "../../../../client/src/connection/protocol.ts";
import { newMessageId } from "../../../../client/src/options.ts";
import { anEvent, type ScriptedSocket, useClientRig } from "../rig.ts";

const rig = useClientRig();

const reply: Reply = {
  messageId: "m",
  text: "Hi.",
  costUsd: 0,
  usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 1,
  numTurns: 1,
};
const accepted = { sessionId: "s", turnId: "t", state: "running" as const, queuePosition: 0, expiresAt: 0 };

/** The server takes the newest message. */
function accept(
  socket: ScriptedSocket,
  rest: { duplicate?: boolean; turnId?: string; state?: "completed" } = {},
) {
  const sent = socket.of("send").at(-1)!;
  const { ref, clientMessageId } = sent;
  socket.say({ type: "accepted", ref, ...accepted, clientMessageId, duplicate: false, ...rest });
}

async function comeBack(): Promise<ScriptedSocket> {
  await rig.clock.run(60_000);
  rig.socket().welcome();
  await rig.clock.settle();
  return rig.socket();
}

describe("C04 V7: messages", () => {
  test("C04 V7: a message whose answer was lost goes out again under the same id, until it is accepted", async () => {
    const socket = await rig.online();
    const turn = rig.client.send({ projectPath: "/p", message: "Hello" });
    await rig.clock.settle();
    const [first] = socket.of("send");
    expect(first).toMatchObject({
      message: "Hello",
      projectPath: "/p",
      clientMessageId: turn.clientMessageId,
    });
    socket.end(1006);
    const next = await comeBack();
    expect(next.of("send").map(({ clientMessageId }) => clientMessageId)).toEqual([turn.clientMessageId]);
    accept(next, { duplicate: true });
    expect((await turn.accepted).duplicate).toBe(true);
    next.say({ type: "event", event: anEvent(11, { type: "turn.completed", data: reply }) });
    expect(await turn.reply()).toEqual(reply);
    next.end(1006);
    expect((await comeBack()).of("send")).toEqual([]);
  });

  test("C04: offline messages wait, those of one session behind one another, and survive the program", async () => {
    rig.client.send({ sessionId: "a", message: "1" }).accepted.catch(() => {});
    rig.client.send({ sessionId: "a", message: "2" }).accepted.catch(() => {});
    rig.client.send({ sessionId: "b", message: "3" }).accepted.catch(() => {});
    await rig.clock.settle();
    const ids = rig.client.unsent.map(({ clientMessageId }) => clientMessageId);
    rig.client.stop();
    rig.restart();
    const socket = await rig.online();
    expect(socket.of("send").map(({ message }) => message)).toEqual(["1", "3"]);
    const one = socket.of("send")[0]!;
    const { ref, clientMessageId } = one;
    socket.say({ type: "accepted", ref, ...accepted, sessionId: "a", clientMessageId, duplicate: false });
    expect(socket.of("send").map(({ message }) => message)).toEqual(["1", "3", "2"]);
    await rig.clock.settle();
    expect(rig.client.unsent.map(({ message }) => message.message)).toEqual(["2", "3"]);
    expect(
      JSON.parse((await rig.store.get("outbox")) ?? "").map(
        (kept: { clientMessageId: string }) => kept.clientMessageId,
      ),
    ).toEqual(ids.slice(1));
  });

  test("C04: nothing is sent that could not be kept", async () => {
    rig.store.set = () => Promise.reject(new Error("The disk is full."));
    const socket = await rig.online();
    const turn = rig.client.send({ projectPath: "/p", message: "Hello" });
    await expect(turn.accepted).rejects.toThrow("full");
    await expect(turn.reply()).rejects.toThrow("full");
    expect([socket.of("send"), rig.client.unsent]).toEqual([[], []]);
  });

  test("C04 S33: attachments over the allowance are waited out, because others leave it", async () => {
    const socket = await rig.online();
    const turn = rig.client.send({ sessionId: "a", message: "Look" });
    await rig.clock.settle();
    const { ref } = socket.of("send")[0]!;
    socket.say({ type: "error", ref, code: "attachment_limit", detail: "No.", retryAfterMs: 5_000 });
    await rig.clock.run(6_000);
    expect(socket.of("send")).toHaveLength(2);
    accept(socket);
    expect((await turn.accepted).turnId).toBe("t");
  });

  test("C04: a store that could not be read once is read again, by the next message and the next connection", async () => {
    rig.client.send({ sessionId: "a", message: "kept" }).accepted.catch(() => {});
    await rig.clock.settle();
    rig.client.stop();
    const { get } = rig.store;
    let isBroken = true;
    rig.store.get = (key) =>
      isBroken && key === "outbox" ? Promise.reject(new Error("The disk is busy.")) : get(key);
    rig.restart();
    rig.client.start();
    await expect(rig.client.send({ sessionId: "a", message: "refused" }).stored).rejects.toThrow("busy");
    isBroken = false;
    const turn = rig.client.send({ sessionId: "b", message: "next" });
    turn.accepted.catch(() => {});
    await turn.stored;
    expect(rig.client.unsent.map(({ message }) => message.message)).toEqual(["kept", "next"]);
    rig.client.stop();
    isBroken = true;
    rig.restart();
    rig.client.start();
    await rig.clock.settle();
    isBroken = false;
    rig.socket().welcome();
    await rig.clock.settle();
    expect(
      rig
        .socket()
        .of("send")
        .map(({ message }) => message),
    ).toEqual(["kept", "next"]);
  });

  test("C04 EXAMPLE-8: a refusal that passes is waited out, others are told and the message is dropped", async () => {
    const socket = await rig.online();
    const turn = rig.client.send({ sessionId: "a", message: "Hello" });
    await rig.clock.settle();
    const refuse = (code: ErrorCode, retryAfterMs?: number) =>
      socket.say({ type: "error", ref: socket.of("send").at(-1)?.ref, code, detail: "No.", retryAfterMs });
    const waits: unknown[] = [];
    rig.client.onWaiting((waiting) => waits.push(waiting));
    refuse("pool_full", 5_000);
    expect(waits).toEqual([
      {
        code: "pool_full",
        detail: expect.any(String),
        retryAfterMs: 5_000,
        clientMessageId: turn.clientMessageId,
      },
    ]);
    await rig.clock.run(4_900);
    expect(socket.of("send")).toHaveLength(1);
    await rig.clock.run(200);
    expect(socket.of("send")).toHaveLength(2);
    refuse("session_closed");
    await expect(turn.accepted).rejects.toMatchObject({ code: "session_closed" });
    await expect(turn.reply()).rejects.toMatchObject({ code: "session_closed" });
    expect(rig.client.unsent).toEqual([]);
  });

  test("C04: a message found to be answered long ago has its reply fetched, again if that fails", async () => {
    const path = "GET /api/sessions/s/turns/t";
    rig.answers.set(path, new TypeError("fetch failed"));
    const socket = await rig.online();
    const turn = rig.client.send({ sessionId: "s", message: "Hello" }, "my-own-id");
    await rig.clock.settle();
    accept(socket, { duplicate: true, state: "completed" });
    await rig.clock.settle();
    rig.answers.set(path, { turnId: "t", sessionId: "s", state: "completed", reply });
    await rig.clock.run(600);
    expect(await turn.reply()).toEqual(reply);
  });

  test("C04 V5: after a gap each open turn is asked for; one that the server does not know is told as lost", async () => {
    const socket = await rig.online();
    const turns = ["t1", "t2", "t3"].map((turnId) => {
      const turn = rig.client.send({ sessionId: turnId, message: "Hello" });
      return { turn, turnId };
    });
    await rig.clock.settle();
    for (const [index, { ref, clientMessageId }] of socket.of("send").entries()) {
      const { turnId } = turns[index]!;
      socket.say({
        type: "accepted",
        ref,
        ...accepted,
        turnId,
        sessionId: "s",
        clientMessageId,
        duplicate: false,
      });
    }
    await rig.clock.settle();
    const state = (turnId: string, view: unknown) =>
      rig.answers.set(`GET /api/sessions/s/turns/${turnId}`, view);
    state("t1", { turnId: "t1", sessionId: "s", state: "completed", reply });
    state("t2", { turnId: "t2", sessionId: "s", state: "running" });
    state("t3", 404);
    socket.end(1006);
    await rig.clock.run(60_000);
    rig.socket().welcome({ recovered: false, epoch: "e2", cursor: 3 });
    await rig.clock.settle();
    expect(await turns[0]?.turn.reply()).toEqual(reply);
    await expect(turns[2]?.turn.reply()).rejects.toMatchObject({ status: 404 });
    rig
      .socket()
      .say({ type: "event", event: anEvent(4, { turnId: "t2", type: "turn.cancelled", data: { by: "d" } }) });
    await expect(turns[1]?.turn.reply()).rejects.toMatchObject({ name: "TurnFailed", code: "cancelled" });
  });
});

describe("C04 D01: the words of a turn", () => {
  async function speaking() {
    const socket = await rig.online();
    const turn = rig.client.send({ sessionId: "s", message: "Hello" });
    await rig.clock.settle();
    accept(socket);
    const delta = (offset: number, text: string) =>
      rig.socket().say({ type: "delta", sessionId: "s", turnId: "t", offset, text });
    return { socket, turn, delta };
  }
  const wordsOf = async (turn: { text(): AsyncIterable<string> }) => {
    let words = "";
    for await (const piece of turn.text()) words += piece;
    return words;
  };

  test("C04: come once over a connection that breaks in the middle, and two readers hear the same", async () => {
    const { socket, turn, delta } = await speaking();
    const early = wordsOf(turn);
    delta(0, "I wi");
    socket.end(1006);
    const next = await comeBack();
    // The server begins with the text so far.
    delta(0, "I will r");
    delta(8, "un");
    // One was lost on the way: the finished text has it.
    delta(20, "!");
    next.say({ type: "event", event: anEvent(11, { data: { messageId: "m", text: "I will run that." } }) });
    delta(0, "Do");
    next.say({ type: "event", event: anEvent(12, { data: { messageId: "n", text: "Done." } }) });
    next.say({ type: "event", event: anEvent(13, { type: "turn.completed", data: reply }) });
    expect(await early).toBe("I will run that.\n\nDone.");
    expect(await wordsOf(turn)).toBe("I will run that.\n\nDone.");
  });

  test("C04: come once though a handler failed and the finished texts come again", async () => {
    let failures = 0;
    rig.client.onEvent(({ cursor }) => {
      if (cursor === 11 && failures++ === 0) throw new Error("not yet");
    });
    const { socket, turn, delta } = await speaking();
    const words = wordsOf(turn);
    delta(0, "One");
    const texts = ["One.", "Two."].map((text, index) =>
      anEvent(11 + index, { data: { messageId: `m${index}`, text } }),
    );
    for (const event of texts) socket.say({ type: "event", event });
    await rig.clock.settle();
    expect(failures).toBe(1);
    const next = await comeBack();
    expect(next.of("hello")[0]).toMatchObject({ cursor: 10 });
    for (const event of texts) next.say({ type: "event", event });
    delta(0, "Three.");
    next.say({ type: "event", event: anEvent(13, { type: "turn.completed", data: reply }) });
    expect(await words).toBe("One.\n\nTwo.\n\nThree.");
    await rig.clock.settle();
    expect(failures).toBe(2);
  });

  test("C04 V5: are heard again from the beginning of another log, whose cursors are lower", async () => {
    const { socket, turn } = await speaking();
    rig.answers.set("GET /api/sessions/s/turns/t", { turnId: "t", sessionId: "s", state: "running" });
    socket.say({ type: "event", event: anEvent(11, { data: { messageId: "m", text: "One." } }) });
    socket.end(1006);
    await rig.clock.run(60_000);
    rig.socket().welcome({ recovered: false, epoch: "e2", cursor: 3 });
    rig.socket().say({ type: "event", event: anEvent(4, { data: { messageId: "n", text: "Two." } }) });
    rig.socket().say({ type: "event", event: anEvent(5, { type: "turn.completed", data: reply }) });
    expect(await wordsOf(turn)).toBe("One.\n\nTwo.");
  });

  test("C04: of a turn that fails what was said is given, then the failure", async () => {
    const { socket, turn, delta } = await speaking();
    delta(0, "I wi");
    const data = { code: "process_crashed", detail: "It died.", retryable: true } as const;
    socket.say({ type: "event", event: anEvent(11, { type: "turn.failed", data }) });
    const heard: string[] = [];
    const reading = (async () => {
      for await (const piece of turn.text()) heard.push(piece);
    })();
    await expect(reading).rejects.toMatchObject({ code: "process_crashed", turnId: "t" });
    expect(heard).toEqual(["I wi"]);
  });
});

describe("C04 V7: messages beside the socket", () => {
  test("C04 V7: a page that goes away sends what is unsent by a request, and both ways are one message", async () => {
    rig.answers.set("POST /api/chat", {
      success: true,
      clientMessageId: "one",
      duplicate: false,
      ...accepted,
    });
    const turn = rig.client.send({ sessionId: "s", message: "Before the phone is put away" }, "one");
    await rig.clock.settle();
    rig.client.sendInBackground();
    expect((await turn.accepted).turnId).toBe("t");
    expect([rig.asked.filter((key) => key === "POST /api/chat").length, rig.client.unsent]).toEqual([1, []]);
    expect((await rig.online()).of("send")).toEqual([]);
  });

  test("C04 V7: a request that fails leaves the message to the next connection", async () => {
    rig.answers.set("POST /api/chat", new TypeError("fetch failed"));
    rig.client.send({ sessionId: "s", message: "Hello" }, "one").accepted.catch(() => {});
    await rig.clock.settle();
    rig.client.sendInBackground();
    await rig.clock.settle();
    expect((await rig.online()).of("send").map(({ clientMessageId }) => clientMessageId)).toEqual(["one"]);
  });

  test("C04: an unsent message can be taken back; one that is on its way cannot", async () => {
    const turn = rig.client.send({ sessionId: "s", message: "Never mind" }, "one");
    await rig.clock.settle();
    expect(rig.client.withdraw("one")).toBe(true);
    await expect(turn.accepted).rejects.toMatchObject({ code: "cancelled" });
    expect([rig.client.unsent, rig.client.withdraw("one")]).toEqual([[], false]);
    const socket = await rig.online();
    expect(socket.of("send")).toEqual([]);
    const sent = rig.client.send({ sessionId: "s", message: "Do it" }, "two");
    await rig.clock.settle();
    expect([socket.of("send").length, rig.client.withdraw("two")]).toEqual([1, false]);
    accept(socket);
    expect((await sent.accepted).duplicate).toBe(false);
  });

  test("C04: the id of a message needs no secure context", () => {
    const { randomUUID } = globalThis.crypto;
    Object.defineProperty(globalThis.crypto, "randomUUID", { value: undefined, configurable: true });
    try {
      const ids = [newMessageId(), newMessageId()];
      expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true);
      expect(ids[0]).not.toBe(ids[1]);
    } finally {
      Object.defineProperty(globalThis.crypto, "randomUUID", { value: randomUUID, configurable: true });
    }
  });
});
