import { EventEmitter } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { ApnsSession, defaultSessionTiming, maxInFlight } from "../../../../server/push/apns/apnsSession.ts";

const timing = { pingAfterMs: 500, pongWithinMs: 1_500 };

/** What a link uses of a session, with its pings in the test's hand. */
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
  const session = new ScriptedSession();
  const socket = {
    destroyed: false,
    destroy: () => {
      socket.destroyed = true;
    },
  };
  const told = { changes: 0, events: [] as Array<[string, Record<string, unknown>]> };
  const link = new ApnsSession({
    session: session as unknown as ClientHttp2Session,
    socket: socket as unknown as Socket,
    timing,
    onChange: () => {
      told.changes += 1;
    },
    onEvent: (name, fields) => void told.events.push([name, fields]),
  });
  const open = (maxConcurrentStreams?: number) => {
    session.emit("connect");
    session.emit("remoteSettings", { maxConcurrentStreams });
  };
  return { session, socket, told, link, open };
}

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("a link that says nothing is asked after half a second, and given up after one and a half more", () => {
  expect(defaultSessionTiming).toEqual(timing);
  expect(maxInFlight).toBe(500);
});

describe("the places of a link", () => {
  test("are one until Apple's settings are there, then as many as they allow, 500 at most, one at least", () => {
    const { link, open, session, told } = rig();
    expect([link.connected, link.hasRoom]).toEqual([false, true]);
    link.begin();
    expect([link.hasRoom, link.isUsable]).toEqual([false, true]);
    open(2);
    expect([link.connected, link.hasRoom, told.changes]).toEqual([true, true, 1]);
    link.begin();
    expect(link.hasRoom).toBe(false);
    session.emit("remoteSettings", {});
    for (let count = 2; count < maxInFlight; count += 1) {
      expect(link.hasRoom).toBe(true);
      link.begin();
    }
    expect(link.hasRoom).toBe(false);
    session.emit("remoteSettings", { maxConcurrentStreams: 10_000 });
    expect(link.hasRoom).toBe(false);
    link.end();
    expect(link.hasRoom).toBe(true);
  });

  test("are one when Apple allows none", () => {
    const { link, open } = rig();
    open(0);
    expect(link.hasRoom).toBe(true);
    link.begin();
    expect(link.hasRoom).toBe(false);
  });

  test("are told of whenever one may have become free", () => {
    const { link, open, told } = rig();
    open(1);
    link.begin();
    expect(told.changes).toBe(1);
    link.end();
    expect(told.changes).toBe(2);
    link.retire();
    expect(told.changes).toBe(3);
    link.retire();
    expect(told.changes).toBe(3);
  });

  test.each(["closed", "destroyed"] as const)("are none in a session that is %s", (state) => {
    const { link, open, session } = rig();
    open();
    session[state] = true;
    expect([link.isUsable, link.hasRoom]).toEqual([false, false]);
  });
});

describe("the watchdog of a link", () => {
  test("asks only while requests wait, after the silence that is allowed", () => {
    const { link, open, session } = rig();
    open();
    jest.advanceTimersByTime(60_000);
    expect(session.pongs).toHaveLength(0);
    link.begin();
    jest.advanceTimersByTime(499);
    expect(session.pongs).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(session.pongs).toHaveLength(1);
  });

  test("V11 finds a half-open connection when no ping comes back, and breaks it with an error", () => {
    const { link, open, session, socket, told } = rig();
    open();
    link.begin();
    link.begin();
    jest.advanceTimersByTime(500 + 1_499);
    expect([link.halfOpen, session.destroyed]).toEqual([false, false]);
    jest.advanceTimersByTime(1);
    expect([link.halfOpen, session.destroyed, socket.destroyed]).toEqual([true, true, true]);
    expect(session.destroyedWith).toBeInstanceOf(Error);
    expect(told.events).toEqual([
      ["push.connected", {}],
      ["push.half_open", { inFlight: 2 }],
    ]);
    expect(link.isUsable).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  test("is armed anew by each ping that comes back, for as long as an answer is waited for", () => {
    const { link, open, session } = rig();
    open();
    link.begin();
    for (let count = 1; count <= 20; count += 1) {
      jest.advanceTimersByTime(500);
      expect(session.pongs).toHaveLength(count);
      jest.advanceTimersByTime(1_400);
      session.pongs.at(-1)!(null);
    }
    expect([link.halfOpen, session.destroyed]).toEqual([false, false]);
    link.end();
    expect(jest.getTimerCount()).toBe(0);
    jest.advanceTimersByTime(60_000);
    expect([session.pongs.length, link.halfOpen]).toEqual([20, false]);
  });

  test("does not take a ping that failed for a sign of life, but one that a closing session cancelled", () => {
    const broken = rig();
    broken.open();
    broken.link.begin();
    jest.advanceTimersByTime(500);
    broken.session.pongs[0]!(new Error("ERR_HTTP2_PING_CANCEL"));
    jest.advanceTimersByTime(1_500);
    expect(broken.link.halfOpen).toBe(true);
    const closing = rig();
    closing.open();
    closing.link.begin();
    jest.advanceTimersByTime(500);
    closing.session.closed = true;
    closing.session.pongs[0]!(new Error("ERR_HTTP2_PING_CANCEL"));
    jest.advanceTimersByTime(60_000);
    expect([closing.link.halfOpen, closing.session.pongs.length]).toEqual([false, 1]);
  });

  test("begins anew with every answer, and stays armed while one of two requests is left", () => {
    const { link, open, session } = rig();
    open();
    link.begin();
    link.begin();
    jest.advanceTimersByTime(400);
    expect(link.answered).toBe(false);
    link.noteAnswer();
    expect(link.answered).toBe(true);
    link.end();
    jest.advanceTimersByTime(499);
    expect(session.pongs).toHaveLength(0);
    jest.advanceTimersByTime(1);
    expect(session.pongs).toHaveLength(1);
    // A second request does not put off the watch over the first.
    link.begin();
    jest.advanceTimersByTime(1_500);
    expect(link.halfOpen).toBe(true);
  });

  test("does not ask before the connection stands, and asks when it does", () => {
    const { link, open, session } = rig();
    link.begin();
    jest.advanceTimersByTime(60_000);
    expect([session.pongs.length, link.halfOpen]).toEqual([0, false]);
    open();
    jest.advanceTimersByTime(500);
    expect(session.pongs).toHaveLength(1);
  });

  test.each(["closed", "destroyed"] as const)("asks nothing of a session that is %s", (state) => {
    const { link, open, session } = rig();
    open();
    link.begin();
    session[state] = true;
    jest.advanceTimersByTime(60_000);
    expect([session.pongs.length, link.halfOpen]).toEqual([0, false]);
  });
});

describe("the end of a link", () => {
  test("V11 a GOAWAY lets what is in flight be answered, and the last answer closes the connection", () => {
    const { link, open, session, socket, told } = rig();
    open();
    link.begin();
    link.begin();
    session.emit("goaway", 0);
    expect([link.goaway, link.isUsable, session.closed, session.destroyed]).toEqual([
      ...[true, false, true, false],
    ]);
    expect(told.events.at(-1)).toEqual(["push.goaway", { errorCode: 0, inFlight: 2 }]);
    link.end();
    expect(session.destroyed).toBe(false);
    link.end();
    expect([session.destroyed, socket.destroyed]).toEqual([true, true]);
  });

  test("a GOAWAY with nothing in flight closes it at once", () => {
    const { open, session, socket } = rig();
    open();
    session.emit("goaway", 0);
    expect([session.destroyed, socket.destroyed]).toEqual([true, true]);
  });

  test("a frame that could not be sent retires it, and an error is kept for the fault's name", () => {
    const { link, open, session } = rig();
    open();
    link.begin();
    const error = new Error("ECONNRESET");
    session.emit("error", error);
    expect([link.error, link.isUsable]).toEqual([error, true]);
    session.emit("frameError");
    expect(link.isUsable).toBe(false);
  });

  test("a session that closed by itself ends the watch and the socket, and is told", () => {
    const { link, open, session, socket, told } = rig();
    open();
    link.begin();
    session.emit("close");
    expect([link.closed, link.isUsable, socket.destroyed, told.changes]).toEqual([true, false, true, 2]);
    expect(jest.getTimerCount()).toBe(0);
    link.noteAnswer();
    expect(jest.getTimerCount()).toBe(0);
  });

  test("destroying one twice, or one that is destroyed already, is no error", () => {
    const { link, open, session, socket } = rig();
    open();
    link.begin();
    link.destroy();
    const first = session.destroyedWith;
    link.destroy();
    expect([session.destroyedWith, socket.destroyed, link.isUsable]).toEqual([first, true, false]);
    expect(jest.getTimerCount()).toBe(0);
    link.retire();
    link.end();
    expect(session.closed).toBe(false);
  });

  test("retiring one whose session was destroyed does not close it again", () => {
    const { link, open, session } = rig();
    open();
    link.begin();
    session.destroyed = true;
    link.retire();
    expect(session.closed).toBe(false);
  });
});
