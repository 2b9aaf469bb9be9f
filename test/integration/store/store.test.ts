import { expect, jest, test } from "@jest/globals";
import { openStore } from "../../../server/store/store.ts";
import { aMessage, append, aSession, aTurn, useBench } from "./fixture.ts";

const bench = useBench();

test("a submitted message is in the file when the call returns, for another connection too", () => {
  const session = aSession();
  const turn = aTurn(session.sessionId);
  bench.store.transaction(() => {
    bench.store.sessions.insert(session);
    bench.store.turns.insert(turn);
    bench.store.events.append({
      sessionId: session.sessionId,
      type: "turn.accepted",
      turnId: turn.turnId,
      data: { messageId: "m", message: "Hello", clientMessageId: "c", deviceId: "phone", attachments: [] },
    });
  });
  const reader = openStore({ path: bench.path, clock: bench.clock });
  expect(reader.turns.get(turn.turnId)).toEqual(turn);
  expect(reader.events.after(0, 10)).toEqual(bench.store.events.after(0, 10));
  expect(reader.events.epoch).toBe(bench.store.events.epoch);
  reader.close();
});

test("closing twice is closing once", () => {
  const store = openStore({ path: bench.path, clock: bench.clock });
  store.close();
  store.close();
  expect(() => store.events.tip()).toThrow();
});

test("what a subscriber throws becomes a process warning when nobody asked for it", () => {
  const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  const store = openStore({ path: bench.path, clock: bench.clock });
  const session = aSession();
  store.sessions.insert(session);
  store.events.subscribe(() => {
    throw new Error("deaf");
  });
  append(store, aMessage(session.sessionId));
  expect(warn).toHaveBeenCalledWith(
    "A subscriber of the event log failed: Error: deaf",
    expect.objectContaining({ type: "SubscriberWarning" }),
  );
  warn.mockRestore();
  store.close();
});
