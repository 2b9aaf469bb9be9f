import { randomUUID } from "node:crypto";
import { linesOf, type Scenario } from "../scenario.ts";
import { send } from "./steps.ts";

export const chat: Scenario = {
  name: "chat",
  about: "A first message in a project and a second one in its session, with streamed replies.",
  sentences: ["SEND-1", "SEND-8", "CHAT-1", "SYNC-1"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId, clientMessageId } = await send({ server, client, until }, "Hello", "Hello to you");
    await send({ server, client, until }, "And again", "Again", sessionId);
    await until("the replies are acknowledged", () => server.acked === server.tip);
    verdicts.pass("SYNC-1");
    const sent = server.framesOf("send");
    verdicts.that(
      "SEND-1",
      sent[0]?.clientMessageId === clientMessageId,
      "the message went under another id",
    );
    verdicts.that(
      "SEND-8",
      sent[1]?.sessionId === sessionId,
      `the second message went to ${sent[1]?.sessionId}`,
    );
    const report = await reportWhere((one) => linesOf(one).length === 4);
    verdicts.same("CHAT-1", "the conversation", linesOf(report), [
      "user: Hello",
      "assistant: Hello to you",
      "user: And again",
      "assistant: Again",
    ]);
    verdicts.same("SEND-4", "unsent messages", report.unsent, []);
  },
};

const droppedSend = (name: string, rule: "lost" | "unsaid", about: string): Scenario => ({
  name,
  about,
  sentences: ["SEND-2", "SEND-4", "CONN-4", "DEV-2"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    let tries = 0;
    server.sendRule = () => (++tries <= 2 ? rule : "accept");
    const clientMessageId = randomUUID();
    client.tell({ do: "send", clientMessageId, message: "Once", projectPath: "/home/owner/project" });
    await until("the message is sent three times", () => server.framesOf("send").length >= 3, 40_000);
    verdicts.pass("CONN-4");
    const ids = new Set(server.framesOf("send").map((frame) => frame.clientMessageId));
    verdicts.same("SEND-2", "ids of the tries", [...ids], [clientMessageId]);
    verdicts.same("SEND-4", "messages that were kept", server.accepted.length, 1);
    const [turn] = server.accepted;
    if (turn) server.reply(turn.turnId, turn.sessionId, "One reply");
    const report = await reportWhere(
      (one) => linesOf(one).includes("assistant: One reply") && one.unsent.length === 0,
    );
    verdicts.same("DEV-2", "the conversation", linesOf(report), ["user: Once", "assistant: One reply"]);
    verdicts.same("SEND-4", "unsent messages", report.unsent, []);
  },
});

export const droppedBeforeKept = droppedSend(
  "send-lost",
  "lost",
  "The line breaks before the server has kept the message, twice.",
);
export const droppedBeforeAnswer = droppedSend(
  "send-unsaid",
  "unsaid",
  "The server keeps the message, and the line breaks before it can say so, twice.",
);

export const offlineQueue: Scenario = {
  name: "offline-queue",
  about:
    "Messages are written while the server is away; the client is killed; both go once, in order, when it is back.",
  sentences: ["SEND-1", "SEND-2", "SEND-3", "SEND-7"],
  async play({ server, client, verdicts, begin, until, reportWhere, pause }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "First", "One");
    await until("the reply is acknowledged", () => server.acked === server.tip);
    await server.shut();
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const [index, clientMessageId] of ids.entries())
      client.tell({ do: "send", clientMessageId, sessionId, message: `Written offline ${index + 1}` });
    const waiting = await reportWhere((one) => one.unsent.length === 3);
    verdicts.same("SEND-1", "unsent messages while the server is away", waiting.unsent, ids);
    await client.kill();
    await server.open();
    await begin();
    await until("the three messages come", () => server.accepted.length === 4, 40_000);
    const [, ...late] = server.accepted;
    verdicts.same(
      "SEND-3",
      "order of arrival",
      late.map(({ message }) => message),
      [1, 2, 3].map((n) => `Written offline ${n}`),
    );
    verdicts.same(
      "SEND-2",
      "ids",
      late.map(({ clientMessageId }) => clientMessageId),
      ids,
    );
    await pause(300);
    const after = await reportWhere((one) => one.unsent.length === 0);
    verdicts.same("SEND-7", "unsent messages at the end", after.unsent, []);
    verdicts.same(
      "DEV-2",
      "own messages on the screen",
      linesOf(after).filter((line) => line.startsWith("user:")).length,
      4,
    );
  },
};

export const refusals: Scenario = {
  name: "refusals",
  about: "A refusal that passes is tried again under the same id, one for good (also an unknown one) is not.",
  sentences: ["SEND-2", "SEND-4", "SEND-5"],
  async play({ server, client, verdicts, begin, until, reportWhere, pause }) {
    await begin();
    let tries = 0;
    server.sendRule = () => (++tries <= 2 ? { code: "pool_full", retryAfterMs: 300 } : "accept");
    const { clientMessageId } = await send({ server, client, until }, "Patience", "Done");
    const ids = new Set(server.framesOf("send").map((frame) => frame.clientMessageId));
    verdicts.same("SEND-2", "ids of the tries", [...ids], [clientMessageId]);
    for (const code of ["session_closed", "a_code_of_tomorrow"]) {
      server.sendRule = () => ({ code });
      const before = server.framesOf("send").length;
      client.tell({
        do: "send",
        clientMessageId: randomUUID(),
        message: code,
        projectPath: "/home/owner/project",
      });
      await until(`the message that is refused with ${code}`, () => server.framesOf("send").length > before);
      const report = await reportWhere((one) => one.unsent.length === 0);
      verdicts.same("SEND-4", `unsent after ${code}`, report.unsent, []);
      await pause(1_500);
      verdicts.same("SEND-4", `tries after ${code}`, server.framesOf("send").length, before + 1);
    }
    verdicts.pass("SEND-5", "what the screen shows is for a person to look at");
  },
};

export const deltas: Scenario = {
  name: "deltas",
  about:
    "Deltas that are missing, repeated and beyond the text; own turns; a subagent's words; an interrupted turn.",
  sentences: ["CHAT-1", "CHAT-2", "CHAT-3", "CHAT-4", "CHAT-6"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId, turnId } = await send({ server, client, until }, "Tell me");
    const where = { sessionId, turnId };
    const delta = (offset: number, text: string) =>
      server.broadcast({ type: "delta", ...where, offset, text });
    server.append("turn.started", { origin: "user" }, where);
    delta(0, "😀 One ");
    delta(50, "never placed");
    delta(0, "😀 One two");
    const said = randomUUID();
    server.say("😀 One two three", where, said);
    server.append("agent.message", { agent: { agentId: "a" }, text: "Words of a subagent" }, where);
    server.complete("😀 One two three", where, said);
    const own = { sessionId, turnId: randomUUID() };
    server.append("turn.started", { origin: "task" }, own);
    const told = randomUUID();
    server.say("The build is through", own, told);
    server.complete("The build is through", own, told);
    const cut = await send({ server, client, until }, "Stop soon", undefined, sessionId);
    server.append("turn.started", { origin: "user" }, cut);
    server.append("message", { messageId: randomUUID(), text: "Half a", partial: true }, cut);
    server.append("turn.interrupted", { code: "interrupted", detail: "Stopped.", text: "Half a" }, cut);
    const report = await reportWhere((one) => linesOf(one).at(-1) === "assistant: Half a");
    const lines = linesOf(report);
    verdicts.that(
      "CHAT-2",
      !lines.some((line) => line.includes("never placed")),
      `the screen says ${JSON.stringify(lines)}`,
    );
    verdicts.that(
      "CHAT-1",
      lines.includes("assistant: 😀 One two three"),
      `the screen says ${JSON.stringify(lines)}`,
    );
    verdicts.same("CHAT-1", "texts of the reply", lines.filter((line) => line.includes("One")).length, 1);
    verdicts.that(
      "CHAT-6",
      !lines.some((line) => line === "assistant: Words of a subagent"),
      "a subagent's words are the reply",
    );
    verdicts.that(
      "CHAT-4",
      lines.includes("assistant: The build is through"),
      "the words of an own turn are not shown",
    );
    verdicts.that(
      "CHAT-3",
      lines.includes("assistant: Half a"),
      "the words of an interrupted turn are not shown",
    );
  },
};
