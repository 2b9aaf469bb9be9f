import { EventEmitter } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ApnsSession, defaultSessionTiming, maxInFlight } from "../../../../server/push/apns/apnsSession.ts";

const timing = { pingAfterMs: 500, pongWithinMs: 1_500 };

/** What a session uses of a http2, with its pings in the test's hand. */
class ScriptedSession extends EventEmitter {
  closed = false;
  destroyed = false;
  destroyedWith: Error | undefined;
  readonly pongs: Array<(error: Error | null) => void> = [];

  ping(pong: (error: Error | null) => void): void {
    this.pongs.push(pong);
  }
  close(): void {
    this.closed = true;
  }
  destroy(error?: Error): void {
    this.destroyed = true;
    this.destroyedWith = error;
  }
}

function rig() {
  const http2 = new ScriptedSession();
  const socket = {
    destroyed: false,
    destroy: () => {
      socket.destroyed = true;
    },
  };
  const told = { changes: 0, events: [] as Array<[string, Record<string, unknown>]> };
  const session = new ApnsSession({
    http2: http2 as unknown as ClientHttp2Session,
    socket: socket as unknown as Socket,
    timing,
    onChange: () => {
      told.changes += 1;
    },
    log: { info: (name, fields = {}) => void told.events.push([name, fields]) },
  });
  const open = (maxConcurrentStreams?: number) => {
    http2.emit("connect");
    http2.emit("remoteSettings", { maxConcurrentStreams });
  };
  return { http2, socket, told, session, open };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("a session that says nothing is asked after half a second, and given up after one and a half more", () => {
  expect(defaultSessionTiming).toEqual(timing);
  expect(maxInFlight).toBe(500);
});

describe("the places of a session", () => {
  test("are one until Apple's settings are there, then as many as they allow, 500 at most, one at least", () => {
    const { session, open, http2, told } = rig();
    expect([session.connected, session.hasRoom]).toEqual([false, true]);
    session.begin();
    expect([session.hasRoom, session.isUsable]).toEqual([false, true]);
    open(2);
    expect([session.connected, session.hasRoom, told.changes]).toEqual([true, true, 1]);
    session.begin();
    expect(session.hasRoom).toBe(false);
    http2.emit("remoteSettings", {});
    for (let count = 2; count < maxInFlight; count += 1) {
      expect(session.hasRoom).toBe(true);
      session.begin();
    }
    expect(session.hasRoom).toBe(false);
    http2.emit("remoteSettings", { maxConcurrentStreams: 10_000 });
    expect(session.hasRoom).toBe(false);
    session.end();
    expect(session.hasRoom).toBe(true);
  });

  test("are one when Apple allows none", () => {
    const { session, open } = rig();
    open(0);
    expect(session.hasRoom).toBe(true);
    session.begin();
    expect(session.hasRoom).toBe(false);
  });

  test("are told of whenever one may have become free", () => {
    const { session, open, told } = rig();
    open(1);
    session.begin();
    expect(told.changes).toBe(1);
    session.end();
    expect(told.changes).toBe(2);
    session.retire();
    expect(told.changes).toBe(3);
    session.retire();
    expect(told.changes).toBe(3);
  });

  test.each(["closed", "destroyed"] as const)("are none in an HTTP/2 session that is %s", (state) => {
    const { session, open, http2 } = rig();
    open();
    http2[state] = true;
    expect([session.isUsable, session.hasRoom]).toEqual([false, false]);
  });
});

describe("the watchdog of a session", () => {
  test("asks only while requests wait, after the silence that is allowed", () => {
    const { session, open, http2 } = rig();
    open();
    jest.advanceTimersByTime(60_000);
    expect(http2.pongs).toHaveLength(0);
    session.begin();
    jest.advanceTimersByTime(499);
    expect(http2.pongs).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(http2.pongs).toHaveLength(1);
  });

  test("V11 finds a half-open connection when no ping comes back, and breaks it with an error", () => {
    const { session, open, http2, socket, told } = rig();
    open();
    session.begin();
    session.begin();
    jest.advanceTimersByTime(500 + 1_499);
    expect([session.halfOpen, http2.destroyed]).toEqual([false, false]);
    jest.advanceTimersByTime(1);
    expect([session.halfOpen, http2.destroyed, socket.destroyed]).toEqual([true, true, true]);
    expect(http2.destroyedWith).toBeInstanceOf(Error);
    expect(told.events).toEqual([
      ["push.connected", {}],
      ["push.half_open", { inFlight: 2 }],
    ]);
    expect(session.isUsable).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("is armed anew by each ping that comes back, for as long as an answer is waited for", () => {
    const { session, open, http2 } = rig();
    open();
    session.begin();
    for (let count = 1; count <= 20; count += 1) {
      jest.advanceTimersByTime(500);
      expect(http2.pongs).toHaveLength(count);
      jest.advanceTimersByTime(1_400);
      http2.pongs.at(-1)!(null);
    }
    expect([session.halfOpen, http2.destroyed]).toEqual([false, false]);
    session.end();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(60_000);
    expect([http2.pongs.length, session.halfOpen]).toEqual([20, false]);
  });

  test("does not take a ping that failed for a sign of life, but one that a closing session cancelled", () => {
    const broken = rig();
    broken.open();
    broken.session.begin();
    jest.advanceTimersByTime(500);
    broken.http2.pongs[0]!(new Error("ERR_HTTP2_PING_CANCEL"));
    jest.advanceTimersByTime(1_500);
    expect(broken.session.halfOpen).toBe(true);
    const closing = rig();
    closing.open();
    closing.session.begin();
    jest.advanceTimersByTime(500);
    closing.http2.closed = true;
    closing.http2.pongs[0]!(new Error("ERR_HTTP2_PING_CANCEL"));
    jest.advanceTimersByTime(60_000);
    expect([closing.session.halfOpen, closing.http2.pongs.length]).toEqual([false, 1]);
  });

  test("begins anew with every answer, and stays armed while one of two requests is left", () => {
    const { session, open, http2 } = rig();
    open();
    session.begin();
    session.begin();
    jest.advanceTimersByTime(400);
    expect(session.answered).toBe(false);
    session.noteAnswer();
    expect(session.answered).toBe(true);
    session.end();
    jest.advanceTimersByTime(499);
    expect(http2.pongs).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(http2.pongs).toHaveLength(1);
    // A second request does not put off the watch over the first.
    session.begin();
    jest.advanceTimersByTime(1_500);
    expect(session.halfOpen).toBe(true);
  });

  test("does not ask before the connection stands, and asks when it does", () => {
    const { session, open, http2 } = rig();
    session.begin();
    jest.advanceTimersByTime(60_000);
    expect([http2.pongs.length, session.halfOpen]).toEqual([0, false]);
    open();
    jest.advanceTimersByTime(500);
    expect(http2.pongs).toHaveLength(1);
  });

  test.each(["closed", "destroyed"] as const)("asks nothing of a http2 that is %s", (state) => {
    const { session, open, http2 } = rig();
    open();
    session.begin();
    http2[state] = true;
    jest.advanceTimersByTime(60_000);
    expect([http2.pongs.length, session.halfOpen]).toEqual([0, false]);
  });
});

describe("the end of a session", () => {
  test("V11 a GOAWAY lets what is in flight be answered, and the last answer closes the connection", () => {
    const { session, open, http2, socket, told } = rig();
    open();
    session.begin();
    session.begin();
    http2.emit("goaway", 0);
    expect([session.goaway, session.isUsable, http2.closed, http2.destroyed]).toEqual([
      ...[true, false, true, false],
    ]);
    expect(told.events.at(-1)).toEqual(["push.goaway", { errorCode: 0, inFlight: 2 }]);
    session.end();
    expect(http2.destroyed).toBe(false);
    session.end();
    expect([http2.destroyed, socket.destroyed]).toEqual([true, true]);
  });

  test("a GOAWAY with nothing in flight closes it at once", () => {
    const { open, http2, socket } = rig();
    open();
    http2.emit("goaway", 0);
    expect([http2.destroyed, socket.destroyed]).toEqual([true, true]);
  });

  test("a frame that could not be sent retires it, and an error is kept for the fault's name", () => {
    const { session, open, http2 } = rig();
    open();
    session.begin();
    const error = new Error("ECONNRESET");
    http2.emit("error", error);
    expect([session.error, session.isUsable]).toEqual([error, true]);
    http2.emit("frameError");
    expect(session.isUsable).toBe(false);
  });

  test("a http2 that closed by itself ends the watch and the socket, and is told", () => {
    const { session, open, http2, socket, told } = rig();
    open();
    session.begin();
    http2.emit("close");
    expect([session.closed, session.isUsable, socket.destroyed, told.changes]).toEqual([
      true,
      false,
      true,
      2,
    ]);
    expect(jest.getTimerCount()).toBe(0);
    session.noteAnswer();
    expect(jest.getTimerCount()).toBe(0);
  });

  test("destroying one twice, or one that is destroyed already, is no error", () => {
    const { session, open, http2, socket } = rig();
    open();
    session.begin();
    session.destroy();
    const first = http2.destroyedWith;
    session.destroy();
    expect([http2.destroyedWith, socket.destroyed, session.isUsable]).toEqual([first, true, false]);
    expect(jest.getTimerCount()).toBe(0);
    session.retire();
    session.end();
    expect(http2.closed).toBe(false);
  });

  test("retiring one whose http2 was destroyed does not close it again", () => {
    const { session, open, http2 } = rig();
    open();
    session.begin();
    http2.destroyed = true;
    session.retire();
    expect(http2.closed).toBe(false);
  });
});
