import { beforeEach, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import type { Turn, TurnState } from "../../../../server/domain/sessions/turn.ts";
import { CompletionReaders } from "../../../../server/http/openai/completionReaders.ts";

const begun = { conversationId: "c1", sessionId: "s1", turnId: "t1" };
const caller = { deviceId: "phone", scope: "chat" as const };

let state: TurnState | undefined;
let told: unknown[];
let warned: string[];
let fault: Error | undefined;
let stopping: AbortController;
let readers: CompletionReaders;

beforeEach(() => {
  [state, told, warned, fault, stopping] = ["running", [], [], undefined, new AbortController()];
  readers = new CompletionReaders({
    store: { turns: { get: () => (state === undefined ? undefined : ({ state } as Turn)) } } as never,
    pool: {
      interrupt: async (...args: unknown[]) => {
        told.push(["interrupt", ...args]);
        if (fault) throw fault;
      },
      cancelTurn: (...args: unknown[]) => void told.push(["cancel", ...args]),
    } as never,
    log: { debug: () => {}, info: () => {}, warn: (event) => warned.push(event), error: () => {} },
    stopping: stopping.signal,
  });
});
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("C03: a running turn is interrupted when its last reader goes, and not before", async () => {
  const [first, second] = [readers.enter(begun, caller), readers.enter(begun, caller)];
  first();
  // A reader goes once, however often that is said.
  first();
  expect(told).toEqual([]);
  second();
  second();
  await settle();
  expect(told).toEqual([["interrupt", "s1", "t1", caller]]);
});

test("C03: a reader who comes after the last one has gone counts anew", async () => {
  readers.enter(begun, caller)();
  const [again, other] = [readers.enter(begun, caller), readers.enter({ ...begun, turnId: "t2" }, caller)];
  other();
  expect(told).toHaveLength(2);
  again();
  await settle();
  expect(told.map((one) => (one as unknown[])[2])).toEqual(["t1", "t2", "t1"]);
});

test("C03: a turn that still waits is cancelled, and one that is over or forgotten is left alone", async () => {
  state = "queued";
  readers.enter(begun, caller)();
  expect(told).toEqual([["cancel", "s1", "t1", caller]]);
  for (state of ["completed", "failed", "interrupted", "cancelled", undefined] as const)
    readers.enter(begun, caller)();
  await settle();
  expect(told).toHaveLength(1);
});

test("C03: when the server stops, its turns are drained and not interrupted", async () => {
  const leave = readers.enter(begun, caller);
  stopping.abort();
  leave();
  await settle();
  expect(told).toEqual([]);
});

test("C03: a turn that ended by itself just then is no fault, and any other fault is said", async () => {
  fault = new DaylongError("nothing_running", "Nothing runs.");
  readers.enter(begun, caller)();
  await settle();
  expect(warned).toEqual([]);
  fault = new DaylongError("session_busy", "Busy.");
  readers.enter(begun, caller)();
  fault = new Error("A bug.");
  readers.enter(begun, caller)();
  await settle();
  expect(warned).toEqual(["completion.not_interrupted", "completion.not_interrupted"]);
});
