import { expect, test } from "@jest/globals";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import { DeltaFeed } from "../../../../server/delivery/sockets/liveFeed.ts";
import type { LoggedEvent } from "../../../../server/domain/delivery/event.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryConnection } from "../memoryLog.ts";

function rig() {
  const connections = new Connections({ clock: new ManualClock() });
  const connection = new MemoryConnection();
  connections.add(connection);
  connections.attach(connection, 0);
  return { feed: new DeltaFeed({ connections }), connection };
}

test("D01 deltas carry their offset in UTF-16 units into the text being written", () => {
  const { feed, connection } = rig();
  for (const text of ["Grüße ", "👋🏽", " du"]) feed.delta("s", "t", text);
  expect(connection.frames).toEqual([
    { type: "delta", sessionId: "s", turnId: "t", offset: 0, text: "Grüße " },
    { type: "delta", sessionId: "s", turnId: "t", offset: 6, text: "👋🏽" },
    { type: "delta", sessionId: "s", turnId: "t", offset: 10, text: " du" },
  ]);
  expect(feed.drafts()).toEqual([
    { type: "delta", sessionId: "s", turnId: "t", offset: 0, text: "Grüße 👋🏽 du" },
  ]);
});

test("a delta that ends in half a character is whole again when it is put together", () => {
  const { feed, connection } = rig();
  feed.delta("s", "t", "a\ud83d");
  feed.delta("s", "t", "\udc4b");
  expect(connection.frames.map((frame) => frame.text).join("")).toBe("a👋");
});

test("after a flush, or in another turn, the next delta starts at offset 0", () => {
  const { feed, connection } = rig();
  feed.delta("s", "t", "one");
  feed.flush("s");
  feed.delta("s", "t", "two");
  feed.delta("s", "u", "three");
  feed.delta("s", "u", "");
  expect(connection.frames.map((frame) => frame.offset)).toEqual([0, 0, 0]);
});

test("a turn that ended leaves no draft, whatever became of its last text", () => {
  const { feed } = rig();
  feed.delta("s", "t", "half a sen");
  feed.delta("other", "u", "kept");
  const ended = { type: "turn.failed", sessionId: "s", turnId: "earlier", cursor: 1 } as LoggedEvent;
  feed.noteEvent(ended);
  expect(feed.drafts()).toHaveLength(2);
  feed.noteEvent({ ...ended, turnId: "t" });
  expect(feed.drafts().map((draft) => draft.text)).toEqual(["kept"]);
});

test("D01 activity names what Claude does", () => {
  const { feed, connection } = rig();
  feed.activity("s", "t", { kind: "tool", toolName: "Bash", title: "ls" });
  expect(connection.frames).toEqual([
    { type: "activity", sessionId: "s", turnId: "t", kind: "tool", toolName: "Bash", title: "ls" },
  ]);
});

test("C03: a listener hears one session's words, those so far first, until it stops listening", () => {
  const { feed } = rig();
  const heard: Array<[number, string]> = [];
  feed.delta("s", "t", "Good ");
  const stop = feed.listen("s", ({ offset, text }) => heard.push([offset, text]));
  feed.delta("s", "t", "day");
  feed.delta("other", "u", "Hush");
  stop();
  feed.delta("s", "t", ".");
  expect(heard).toEqual([
    [0, "Good "],
    [5, "day"],
  ]);
});

test("C03: one of two listeners that stops hears no more, and the other one goes on", () => {
  const { feed } = rig();
  const heard: string[] = [];
  const stop = feed.listen("s", ({ text }) => heard.push(`one ${text}`));
  const stopOther = feed.listen("s", ({ text }) => heard.push(`two ${text}`));
  feed.delta("s", "t", "a");
  stop();
  stop();
  feed.delta("s", "t", "b");
  stopOther();
  feed.delta("s", "t", "c");
  expect(heard).toEqual(["one a", "two a", "two b"]);
  feed.listen("s", ({ text }) => heard.push(text))();
  expect(heard.at(-1)).toBe("abc");
});

test("C03: a listener that comes when nothing is being written hears nothing before the next word", () => {
  const { feed } = rig();
  feed.delta("other", "u", "Hush");
  const heard: string[] = [];
  feed.listen("s", ({ text }) => heard.push(text));
  expect(heard).toEqual([]);
});

test("an event that ends no turn, or is about no session, takes no draft", () => {
  const { feed } = rig();
  feed.delta("s", "t", "half a sen");
  const event = { type: "message", sessionId: "s", turnId: "t", cursor: 1 } as LoggedEvent;
  feed.noteEvent(event);
  feed.noteEvent({ ...event, type: "turn.completed", sessionId: null } as LoggedEvent);
  feed.noteEvent({ ...event, type: "turn.completed", sessionId: "other" } as LoggedEvent);
  expect(feed.drafts()).toHaveLength(1);
});

test("an empty text is nobody's news", () => {
  const { feed, connection } = rig();
  feed.delta("s", "t", "");
  expect([connection.texts, feed.drafts()]).toEqual([[], []]);
});
