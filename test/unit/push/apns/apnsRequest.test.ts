import { EventEmitter } from "node:events";
import { type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { type NodeApnRequest, sendApnsRequest } from "../../../../server/push/apns/apnsRequest.ts";
import type { ApnsSession } from "../../../../server/push/apns/apnsSession.ts";

class ScriptedStream extends EventEmitter {
  rstCode = 0;
  closedWith: number | undefined;
  close(code: number): void {
    this.closedWith = code;
  }
}

/** One exchange, with the stream and node-apn's promise in the test's hand. */
function rig(change: Partial<Pick<ApnsSession, "answered" | "connected" | "goaway">> = {}) {
  const stream = new ScriptedStream();
  const calls: string[] = [];
  const asked: { headers?: OutgoingHttpHeaders; address?: string; path?: string; method?: string } = {};
  const session = {
    http2: {
      request: (headers: OutgoingHttpHeaders) => {
        asked.headers = headers;
        return stream as unknown as ClientHttp2Stream;
      },
    },
    begin: () => void calls.push("begin"),
    end: () => void calls.push("end"),
    noteAnswer: () => void calls.push("answer"),
    retire: () => void calls.push("retire"),
    answered: false,
    connected: true,
    goaway: false,
    halfOpen: false,
    error: undefined,
    ...change,
  } as unknown as ApnsSession;
  let resolve: (value?: unknown) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const request: NodeApnRequest = (http2, address, notification, path, method) => {
    expect(notification).toEqual({ headers: { a: 1 }, body: "{}" });
    Object.assign(asked, { address, path, method });
    http2.request({ authorization: "bearer old" });
    return new Promise((yes, no) => {
      resolve = yes;
      reject = no;
    });
  };
  const token = { current: "old" };
  const exchange = sendApnsRequest({
    session,
    request,
    address: "apple.example",
    deviceToken: "a/b c",
    push: { headers: { a: 1 }, body: "{}" },
    timeoutMs: 1_000,
    currentToken: () => token.current,
  });
  const answer = (status: number, headers: object = {}) =>
    stream.emit("response", { ":status": status, ...headers });
  return {
    stream,
    calls,
    asked,
    exchange,
    answer,
    token,
    resolve: () => resolve(),
    reject: (reason: unknown) => reject(reason),
  };
}

const next = () => new Promise((resolve) => setImmediate(resolve));

/** What the exchange came to; it needs no more than a few turns of the event loop, so that many are a deadline. */
async function ended<T>(exchange: Promise<T>): Promise<T> {
  const late = async (): Promise<never> => {
    for (let turns = 0; turns < 100; turns += 1) await next();
    throw new Error("The exchange did not end.");
  };
  return Promise.race([exchange, late()]);
}

beforeEach(() => void jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] }));
afterEach(() => void jest.useRealTimers());

test("a push is a POST to its device, counted in before it is sent and out when it has ended", async () => {
  const { asked, calls, answer, resolve, exchange } = rig();
  expect(calls).toEqual(["begin"]);
  expect(asked).toMatchObject({ address: "apple.example", path: "/3/device/a%2Fb%20c", method: "POST" });
  answer(200, { "apns-id": "apple-1" });
  resolve();
  expect(await ended(exchange)).toEqual({
    kind: "answer",
    status: 200,
    apnsId: "apple-1",
    reason: undefined,
    timestamp: undefined,
    retryAfter: undefined,
  });
  expect(calls).toEqual(["begin", "answer", "end"]);
  expect(jest.getTimerCount()).toBe(0);
});

describe("an answer", () => {
  test("has Apple's reason and timestamp from node-apn, and Retry-After from the headers", async () => {
    const { answer, reject, exchange } = rig();
    answer(429, { "retry-after": "30", "apns-id": ["twice", "over"] });
    reject({ status: 429, response: { reason: "TooManyRequests", timestamp: 7 } });
    expect(await ended(exchange)).toEqual({
      kind: "answer",
      status: 429,
      apnsId: undefined,
      reason: "TooManyRequests",
      timestamp: 7,
      retryAfter: "30",
      tokenReplaced: false,
    });
  });

  test.each([
    ["of an expired token, which is only in a message", 403, "ExpiredProviderToken", "ExpiredProviderToken"],
    ["of a 500, which node-apn keeps to itself", 500, "Anything", "InternalServerError"],
    ["of anything else, unknown", 403, "Anything", undefined],
  ])("names the reason %s", async (_name, status, message, reason) => {
    const { answer, reject, exchange } = rig();
    answer(status);
    reject({ error: new Error(message) });
    expect(await ended(exchange)).toMatchObject({ kind: "answer", status, reason });
  });

  test("says whether another provider token has taken the place of the one that was sent", async () => {
    const { answer, reject, exchange, token } = rig();
    answer(403);
    token.current = "new";
    reject({ error: new Error("ExpiredProviderToken") });
    expect(await ended(exchange)).toMatchObject({ tokenReplaced: true });
  });

  test("counts though its body was lost on the way, when the stream has closed", async () => {
    const { answer, stream, exchange } = rig();
    answer(503, { "retry-after": "5" });
    stream.emit("close");
    expect(await ended(exchange)).toMatchObject({ kind: "answer", status: 503, retryAfter: "5" });
  });

  test("counts at the time-out though its body never ends", async () => {
    const { answer, exchange, calls, stream } = rig();
    answer(410);
    jest.advanceTimersByTime(1_000);
    expect(await ended(exchange)).toMatchObject({ kind: "answer", status: 410 });
    await next();
    expect([calls, stream.closedWith]).toEqual([
      ["begin", "answer", "retire", "end"],
      constants.NGHTTP2_CANCEL,
    ]);
  });
});

describe("no answer", () => {
  test("within the time is a time-out: the stream is cancelled and the session takes no more", async () => {
    const { exchange, calls, stream } = rig();
    jest.advanceTimersByTime(999);
    expect(calls).toEqual(["begin"]);
    jest.advanceTimersByTime(1);
    expect(await ended(exchange)).toEqual({ kind: "fault", fault: "timeout" });
    await next();
    expect([calls, stream.closedWith]).toEqual([["begin", "retire", "end"], constants.NGHTTP2_CANCEL]);
  });

  test.each([
    [true, "over a session that had answered before, may be tried again at once"],
    [false, "over a session that never answered, may not"],
  ])("%p: %s", async (answered) => {
    const { exchange, stream } = rig({ answered, goaway: true });
    stream.emit("close");
    expect(await ended(exchange)).toEqual({ kind: "fault", fault: "goaway", atOnce: answered });
  });

  test("is named by the stream's own error, which comes after node-apn has rejected", async () => {
    const { exchange, stream, reject } = rig();
    reject({ error: Object.assign(new Error("aborted"), { code: "ERR_OTHER" }) });
    await Promise.resolve();
    stream.emit("error", Object.assign(new Error("no"), { code: "ERR_HTTP2_OUT_OF_STREAMS" }));
    expect(await ended(exchange)).toMatchObject({ kind: "fault", fault: "goaway" });
  });

  test("is named by node-apn's error when the stream has none", async () => {
    const { exchange, reject } = rig();
    reject({ error: Object.assign(new Error("no"), { code: "ERR_INVALID_CHAR" }) });
    expect(await ended(exchange)).toMatchObject({ kind: "fault", fault: "malformed" });
  });

  test("is named by the code that the stream was refused with", async () => {
    const { exchange, stream } = rig();
    stream.rstCode = constants.NGHTTP2_REFUSED_STREAM;
    stream.emit("close");
    expect(await ended(exchange)).toMatchObject({ kind: "fault", fault: "refused" });
  });

  test("is final: an answer that comes after it changes nothing, and the session is counted out once", async () => {
    const { exchange, stream, calls, answer, resolve } = rig();
    jest.advanceTimersByTime(1_000);
    const concluded = await ended(exchange);
    answer(200);
    resolve();
    stream.emit("close");
    await next();
    expect(concluded).toMatchObject({ fault: "timeout" });
    expect(calls.filter((call) => call === "end")).toHaveLength(1);
  });
});
