import { describe, expect, test } from "@jest/globals";
import type { DaylongEvent, EventData, EventType } from "../../../../../client/src/index.ts";
import { rowsOf, summaryOf } from "../../../../../web/src/state/chat/rows.ts";
import { Transcript } from "../../../../../web/src/state/chat/transcript.ts";

/** Tells events one after the other, with the numbers that they have in a session. */
function story() {
  const transcript = new Transcript();
  let seq = 0;
  const events: DaylongEvent[] = [];
  const tell = <T extends EventType>(type: T, data: Partial<EventData[T]>, turnId?: string) => {
    seq += 1;
    const event = {
      cursor: seq,
      seq,
      sessionId: "s",
      at: seq * 1_000,
      type,
      data,
      turnId,
    } as unknown as DaylongEvent;
    events.push(event);
    return transcript.hear(event);
  };
  const accept = (turnId: string, message: string) =>
    tell(
      "turn.accepted",
      { messageId: turnId, message, clientMessageId: `c-${turnId}`, attachments: [] },
      turnId,
    );
  const start = (turnId: string) => tell("turn.started", { origin: "user" }, turnId);
  const say = (turnId: string, text: string) => tell("message", { messageId: `m-${seq}`, text }, turnId);
  const use = (
    turnId: string,
    toolUseId: string,
    title: string,
    more: Partial<EventData["tool.started"]> = {},
  ) => tell("tool.started", { toolUseId, toolName: title.split(":")[0], title, ...more }, turnId);
  const end = (turnId: string, text: string) => tell("turn.completed", { messageId: "m", text }, turnId);
  const told = () =>
    transcript.settled.map((entry) =>
      entry.kind === "tool" ? `tool ${entry.title} ${entry.state}` : `${entry.kind} ${entry.text}`,
    );
  return { transcript, events, tell, accept, start, say, use, end, told };
}

describe("C05: the conversation as its events tell it", () => {
  test("C05: a message, Claude's words and its tools stand in the order in which they came", () => {
    const { accept, start, say, use, tell, end, told } = story();
    accept("t1", "Why?");
    start("t1");
    say("t1", "I look.");
    use("t1", "u1", "Read: a.ts");
    tell("tool.finished", { toolUseId: "u1", toolName: "Read", failed: false }, "t1");
    say("t1", "Because.");
    end("t1", "Because.");
    expect(told()).toEqual(["said Why?", "words I look.", "tool Read: a.ts done", "words Because."]);
  });

  test("C05: a message that waits stands below what is being answered, and moves when its turn begins", () => {
    const { transcript, accept, start, say, end, told } = story();
    accept("t1", "One");
    start("t1");
    accept("t2", "Two");
    say("t1", "The answer to one.");
    expect([told(), transcript.waiting.map(({ text }) => text)]).toEqual([
      ["said One", "words The answer to one."],
      ["Two"],
    ]);
    end("t1", "The answer to one.");
    start("t2");
    say("t2", "The answer to two.");
    expect(told()).toEqual(["said One", "words The answer to one.", "said Two", "words The answer to two."]);
    expect(transcript.waiting).toEqual([]);
  });

  test("C05: an event that comes a second time changes nothing", () => {
    const { transcript, events, accept, start, say, told } = story();
    accept("t1", "One");
    start("t1");
    say("t1", "Words.");
    const before = told();
    expect(events.map((event) => transcript.hear(event))).toEqual([false, false, false]);
    expect(told()).toEqual(before);
  });

  test("C05: a reply whose words were not heard is taken from the end of its turn, once", () => {
    const { accept, start, end, told } = story();
    accept("t1", "One");
    start("t1");
    end("t1", "All of it.");
    expect(told()).toEqual(["said One", "words All of it."]);
  });

  test("C05: what a subagent did stands below the tool that started it, its first words included", () => {
    const { transcript, accept, start, use, tell } = story();
    const agent = { agentId: "a1", type: "reviewer", description: "Review" };
    accept("t1", "Review it");
    start("t1");
    use("t1", "u1", "Agent: Review");
    tell("agent.message", { agent, text: "I read." }, "t1");
    use("t1", "u2", "Bash: ls", { agent, parentToolUseId: "u1" });
    tell("tool.finished", { toolUseId: "u2", toolName: "Bash", failed: true, insertions: 2 }, "t1");
    const [, tool] = transcript.settled;
    expect(tool).toMatchObject({
      kind: "tool",
      children: [
        { kind: "agentWords", text: "I read." },
        { kind: "tool", title: "Bash: ls", state: "failed" },
      ],
    });
    expect(transcript.settled).toHaveLength(2);
  });

  test("C05: a failed turn says why and can be sent again; a message that was cancelled never began", () => {
    const { transcript, accept, start, tell } = story();
    accept("t1", "One");
    accept("t2", "Two");
    start("t1");
    tell("turn.failed", { code: "claude_error", detail: "Overloaded.", retryable: true }, "t1");
    tell("turn.cancelled", { by: "d" }, "t2");
    expect(transcript.settled.map((entry) => (entry.kind === "said" ? entry.state : entry.kind))).toEqual([
      ...["failed", "mark", "cancelled"],
    ]);
    expect(transcript.settled[1]).toMatchObject({ text: "Failed: Overloaded.", tone: "bad", again: "One" });
  });

  test("C05: tools that run when their turn is stopped are stopped; those of a subagent in the background are not", () => {
    const { transcript, accept, start, use, tell } = story();
    accept("t1", "One");
    start("t1");
    use("t1", "u1", "Bash: sleep 9");
    use("t1", "u2", "Bash: sleep 8", { agent: { agentId: "a" } });
    tell("turn.interrupted", { code: "interrupted", detail: "x" }, "t1");
    expect(transcript.settled.map((entry) => ("state" in entry ? entry.state : entry.kind))).toEqual([
      ...["interrupted", "stopped", "running", "mark"],
    ]);
  });
});

describe("C05: entries as rows", () => {
  test("C05: tools that follow each other fold into one line that counts them", () => {
    const { transcript, accept, start, use, say, tell } = story();
    accept("t1", "One");
    start("t1");
    for (const [id, title] of Object.entries({ a: "Read: x", b: "Edit: x", c: "Edit: y", d: "Bash: make" })) {
      use("t1", id, title);
      tell("tool.finished", { toolUseId: id, toolName: "", failed: false }, "t1");
    }
    say("t1", "Done.");
    use("t1", "e", "Bash: ls");
    const rows = rowsOf(transcript.settled);
    expect(rows.map(({ kind }) => kind)).toEqual(["said", "tools", "words", "tools"]);
    const summaries = rows.flatMap((row) => (row.kind === "tools" ? [summaryOf(row.tools)] : []));
    expect(summaries).toEqual(["1 read, 2 edits, 1 command", "Bash: ls"]);
  });
});
