import { expect, test } from "@jest/globals";
import { Connections } from "../../../../server/delivery/sockets/connections.ts";
import { EventBroadcaster } from "../../../../server/delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../../../../server/delivery/sockets/liveFeed.ts";
import type { LoggedEvent, NewEvent } from "../../../../server/domain/delivery/event.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { aMessage, MemoryConnection, MemoryLog } from "../memoryLog.ts";

const aReply = (): NewEvent => ({
  sessionId: "session-1",
  type: "turn.completed",
  turnId: "turn-1",
  data: {
    messageId: "message-1",
    text: "Done.",
    costUsd: 0,
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0 },
    durationMs: 1,
    numTurns: 1,
  },
});

function rig() {
  const events = new MemoryLog();
  const connections = new Connections({ clock: new ManualClock() });
  const connection = new MemoryConnection();
  connections.add(connection);
  connections.attach(connection, 0);
  const feed = new DeltaFeed({ connections });
  return { events, connection, feed, broadcaster: new EventBroadcaster({ events, connections, feed }) };
}

test("each commit goes to the connections once", () => {
  const { events, connection, broadcaster } = rig();
  broadcaster.start();
  broadcaster.start();
  events.append(aMessage());
  expect(connection.cursors).toEqual([1]);
  events.append(aReply());
  expect(connection.cursors).toEqual([1, 2]);
  events.announce([events.keep(aMessage()), events.keep(aReply()), events.keep(aMessage())]);
  expect(connection.cursors).toEqual([1, 2, 3, 4, 5]);
  events.announce([]);
  expect(connection.cursors).toEqual([1, 2, 3, 4, 5]);
});

test("what was committed before the start is left to the replay, and after the stop nothing is sent", () => {
  const { events, connection, broadcaster } = rig();
  events.append(aReply());
  broadcaster.start();
  events.append(aReply());
  expect(connection.cursors).toEqual([2]);
  broadcaster.stop();
  events.append(aReply());
  expect(connection.cursors).toEqual([2]);
  broadcaster.start();
  events.append(aReply());
  expect(connection.cursors).toEqual([2, 4]);
});

test("V1 commits that are announced in another order are sent in the order of the log, each once", () => {
  const { events, connection, broadcaster } = rig();
  broadcaster.start();
  const rows: LoggedEvent[] = [];
  for (let count = 0; count < 1_203; count += 1) rows.push(events.keep(aMessage()));
  events.announce(rows.slice(1_201));
  expect(connection.cursors).toEqual(rows.map(({ cursor }) => cursor));
  events.announce(rows.slice(0, 1_201));
  expect(connection.cursors).toHaveLength(1_203);
});

test("an event that ends a turn takes what was being written of it, also one that was read from the log", () => {
  const { events, feed, broadcaster } = rig();
  broadcaster.start();
  feed.delta("session-1", "turn-1", "Half a sen");
  events.keep(aReply());
  expect(feed.drafts()).toHaveLength(1);
  events.append(aMessage());
  expect(feed.drafts()).toEqual([]);
});
