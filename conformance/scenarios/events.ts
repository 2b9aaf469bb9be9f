import { randomUUID } from "node:crypto";
import { linesOf, type Scenario } from "../scenario.ts";
import { send } from "./steps.ts";

export const ackAfterStore: Scenario = {
  name: "killed-at-ack",
  about:
    "The client is killed the moment its acknowledgement arrives, twelve times: what it acknowledged it has.",
  sentences: ["SYNC-1", "SYNC-2", "SYNC-3"],
  async play({ server, client, verdicts, begin, until }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    for (let round = 1; round <= 12; round += 1) {
      const turnId = randomUUID();
      server.append("turn.started", { origin: "task" }, { sessionId, turnId });
      server.say(`Round ${round}`, { sessionId, turnId });
      const { tip } = server;
      // In the very call that hears the word: a client that says it too early has not stored the event yet.
      const killed = new Promise<void>((done) => {
        const stop = server.onNews(() => {
          if (server.acked < tip) return;
          stop();
          void client.kill().then(done);
        });
      });
      await until(`the acknowledgement of round ${round}`, () => server.acked >= tip);
      await killed;
      // What was acknowledged is not sent again: the client has it, or it is lost.
      server.events = server.events.filter(({ cursor }) => cursor > server.acked || cursor === tip);
      const lost = server.events;
      server.events = lost.filter(({ cursor }) => cursor > tip);
      server.events.unshift({
        cursor: tip,
        sessionId: null,
        seq: null,
        type: "session.commands",
        at: Date.now(),
        data: {},
      });
      await begin();
      const lines = linesOf(await client.report());
      verdicts.that(
        "SYNC-1",
        lines.includes(`assistant: Round ${round}`),
        `round ${round} was acknowledged and is not there after a kill`,
      );
      verdicts.same(
        "SYNC-3",
        `round ${round} on the screen`,
        lines.filter((line) => line === `assistant: Round ${round}`).length,
        1,
      );
      if (verdicts.all.some(({ verdict }) => verdict === "fail")) break;
    }
    verdicts.pass("SYNC-2");
  },
};

export const dropsAtEachStep: Scenario = {
  name: "drops-at-each-step",
  about:
    "The line breaks before the first, second, third … frame of a reply; at the end everything is there once.",
  sentences: ["SYNC-3", "SYNC-4", "SYNC-5", "CONN-4"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    for (let step = 1; step <= 8; step += 1) {
      let frames = 0;
      const connection = server.connections;
      server.beforeFrame = (frame, current) => {
        if (current !== connection || frame.type === "result") return true;
        frames += 1;
        return frames !== step;
      };
      client.tell({ do: "send", clientMessageId: randomUUID(), sessionId, message: `Question ${step}` });
      await until(`question ${step}`, () => server.accepted.length === step + 1, 40_000);
      const turn = server.accepted[step]!;
      server.reply(turn.turnId, sessionId, `Answer ${step}`);
      await until(`the acknowledgement of answer ${step}`, () => server.acked === server.tip, 40_000);
    }
    server.beforeFrame = () => true;
    const report = await reportWhere((one) => linesOf(one).length === 18);
    const wanted = ["user: Begin", "assistant: Begun"];
    for (let step = 1; step <= 8; step += 1)
      wanted.push(`user: Question ${step}`, `assistant: Answer ${step}`);
    verdicts.same("SYNC-3", "the conversation", linesOf(report), wanted);
    verdicts.same("SYNC-4", "the conversation", linesOf(report), wanted);
    const cursors = server.framesOf("hello").map(({ cursor }) => Number(cursor ?? 0));
    verdicts.that(
      "SYNC-5",
      cursors.every((cursor, index) => index === 0 || cursor >= cursors[index - 1]!),
      `hello went back: ${cursors}`,
    );
    verdicts.pass("CONN-4");
  },
};

export const duplicates: Scenario = {
  name: "duplicates",
  about: "Events come twice, and older ones once more after newer ones.",
  sentences: ["SYNC-3"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    const turnId = randomUUID();
    server.say("New", { sessionId, turnId });
    for (const event of [...server.events, ...server.events]) server.broadcast({ type: "event", event });
    server.say("Newer", { sessionId, turnId: randomUUID() });
    const report = await reportWhere((one) => linesOf(one).includes("assistant: Newer"));
    verdicts.same("SYNC-3", "the conversation", linesOf(report), [
      "user: Begin",
      "assistant: Begun",
      "assistant: New",
      "assistant: Newer",
    ]);
    verdicts.same("SYNC-3", "the client's cursor", report.cursor, server.tip);
  },
};

export const epochChange: Scenario = {
  name: "epoch-change",
  about:
    "The server's log is another one (a restored backup): the client starts over, keeps what it has not sent, and forgets its cursor.",
  sentences: ["SYNC-6", "SYNC-7"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    for (let n = 0; n < 5; n += 1) server.say(`Old ${n}`, { sessionId, turnId: randomUUID() });
    await until("all is acknowledged", () => server.acked === server.tip);
    server.sendRule = () => "lost";
    const clientMessageId = randomUUID();
    client.tell({ do: "send", clientMessageId, sessionId, message: "Not sent yet" });
    await until("a first try", () =>
      server.framesOf("send").some((frame) => frame.clientMessageId === clientMessageId),
    );
    await server.shut();
    server.changeEpoch();
    const session = server.sessions.get(sessionId)!;
    session.messages = session.messages.slice(0, 2);
    server.sendRule = () => "accept";
    const asked = server.requests.length;
    await server.open();
    await until(
      "the unsent message comes",
      () => server.accepted.some((one) => one.clientMessageId === clientMessageId),
      60_000,
    );
    const turn = server.accepted.find((one) => one.clientMessageId === clientMessageId)!;
    server.reply(turn.turnId, sessionId, "After the change");
    const report = await reportWhere((one) => linesOf(one).includes("assistant: After the change"));
    verdicts.that(
      "SYNC-6",
      server.requests
        .slice(asked)
        .some(({ method, path }) => method === "GET" && path.startsWith("/api/sessions")),
      "the sessions were not loaded anew",
    );
    verdicts.that(
      "SYNC-6",
      !linesOf(report).some((line) => line.includes("Old ")),
      "what another log said is still on the screen",
    );
    const kept = linesOf(report).filter((line) => /: (Begin|Begun|After the change)$/.test(line));
    verdicts.same(
      "SYNC-6",
      "what is on the screen, in its order",
      kept.join(", "),
      "user: Begin, assistant: Begun, assistant: After the change",
    );
    verdicts.same("SYNC-6", "the epoch", report.epoch, server.epoch);
    const hellos = server.framesOf("hello").length;
    server.drop();
    await until("a new hello", () => server.framesOf("hello").length > hellos, 40_000);
    const hello = server.framesOf("hello").at(-1)!;
    verdicts.that(
      "SYNC-7",
      hello.epoch === server.epoch && Number(hello.cursor) <= server.tip,
      `hello said ${hello.cursor} of ${hello.epoch}`,
    );
  },
};

export const unknowns: Scenario = {
  name: "unknown",
  about: "Events, frames, fields and words of a newer server.",
  sentences: ["CONN-9", "SYNC-8"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    const { connections } = server;
    server.broadcast({ type: "hologram", sessionId, colours: [1, 2] });
    server.broadcast({ type: "activity", sessionId, turnId: randomUUID(), kind: "dreaming", depth: 3 });
    server.append("moon.landed", { crater: { name: "Tycho" } }, { sessionId, extra: { phase: "full" } });
    server.append("tool.finished", { toolUseId: 7, nothing: "of the known fields" }, { sessionId });
    server.append("session.parked", { reason: "a reason of tomorrow" }, { sessionId });
    server.append("device.teleported", { to: "Mars" });
    server.say("Still here", { sessionId, turnId: randomUUID() });
    const report = await reportWhere((one) => linesOf(one).includes("assistant: Still here"));
    verdicts.that(
      "CONN-9",
      linesOf(report).includes("assistant: Still here"),
      "nothing is shown after what the client does not know",
    );
    verdicts.same("CONN-9", "connections", server.connections, connections);
    await until("everything is acknowledged", () => server.acked === server.tip).then(
      () => verdicts.pass("SYNC-8"),
      () => verdicts.fail("SYNC-8", `acknowledged up to ${server.acked}, the log is at ${server.tip}`),
    );
  },
};

export const truncated: Scenario = {
  name: "truncated",
  about: "A text that was cut to fit its frame is fetched whole.",
  sentences: ["SYNC-9"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    const messageId = randomUUID();
    const whole = `Begin ${"word ".repeat(200)}end`;
    server.texts.set(messageId, whole);
    server.append(
      "message",
      { messageId, text: whole.slice(0, 50) },
      { sessionId, turnId: randomUUID(), truncated: true },
    );
    const report = await reportWhere((one) => linesOf(one).includes(`assistant: ${whole}`));
    verdicts.that(
      "SYNC-9",
      linesOf(report).includes(`assistant: ${whole}`),
      "the cut text is shown as the whole",
    );
  },
};
