import { describe, expect, test } from "@jest/globals";
import {
  compressionIdleMs,
  dropBrokenOffer,
  IdleReleases,
  isCompressed,
  type MessageCompression,
} from "../../../server/socket/compression.ts";
import { ManualClock } from "../../support/manualClock.ts";

describe("offers of compression", () => {
  test.each([
    ["Chromium, ws", "permessage-deflate; client_max_window_bits", true],
    [
      "a library that names more",
      "permessage-deflate;client_no_context_takeover; server_no_context_takeover",
      true,
    ],
    ["a window's size", "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10", true],
    [
      "a list, the second of which will do",
      "permessage-deflate, permessage-deflate; client_max_window_bits",
      true,
    ],
    ["Apple's, which cannot keep what it is asked for", "permessage-deflate", false],
    ["Apple's of old", "x-webkit-deflate-frame", false],
    ["one that is alike", "permessage-deflate; server_no_context_takeover", false],
  ])("of %s (%s): kept is %p", (_client, offer, isKept) => {
    const headers: Record<string, string> = { "sec-websocket-extensions": offer, host: "h" };
    dropBrokenOffer({ headers });
    expect(headers).toEqual(isKept ? { "sec-websocket-extensions": offer, host: "h" } : { host: "h" });
  });

  test("a request without one stays as it is", () => {
    const headers = { host: "h" };
    dropBrokenOffer({ headers });
    expect(headers).toEqual({ host: "h" });
  });
});

describe("which frames are compressed", () => {
  const delta = (offset: number, text: string) =>
    JSON.stringify({ type: "delta", sessionId: "s".repeat(36), turnId: "t".repeat(36), offset, text });
  const event = (text: string) =>
    JSON.stringify({ type: "event", event: { type: "message", data: { text } } });
  test.each<[string, string, boolean]>([
    ["the first word of an answer", delta(0, "Yes"), false],
    ["the deltas after it", delta(3, ", of course"), true],
    ["a long first delta", delta(0, "y".repeat(2_000)), true],
    ["a delta that speaks of a first one", delta(9, delta(0, "Yes")), true],
    ["the end of a turn", event("Yes."), false],
    ["an event with a long text", event("y".repeat(2_000)), true],
    ["a pong", JSON.stringify({ type: "pong" }), false],
  ])("%s", (_what, text, is) => {
    expect(isCompressed(text)).toBe(is);
  });
});

/** A compression whose work ends when the test says. */
class ScriptedCompression implements MessageCompression {
  readonly begun: Array<() => void> = [];
  released = 0;
  compress(_data: unknown, _isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void {
    this.begun.push(() => callback(null, Buffer.from("c")));
  }
  decompress(_data: unknown, _isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void {
    this.begun.push(() => callback(null, Buffer.from("d")));
  }
  cleanup(): void {
    this.released += 1;
  }
}

describe("contexts of compression", () => {
  const open = () => {
    const clock = new ManualClock();
    const compression = new ScriptedCompression();
    const release = new IdleReleases(clock);
    release.watch(compression);
    const stop = () => release.stop(compression);
    const results: string[] = [];
    const keep = (_error: Error | null, data?: Buffer) => results.push(String(data));
    const end = () => compression.begun.shift()!();
    return { clock, compression, stop, results, keep, end };
  };

  test("are released once, when nothing was sent for a while, and again after the next use", () => {
    const { clock, compression, stop, results, keep, end } = open();
    clock.advance(10 * compressionIdleMs);
    expect(compression.released).toBe(0);
    for (let count = 0; count < 3; count += 1) {
      compression.compress("text", true, keep);
      end();
      clock.advance(compressionIdleMs - 1);
    }
    expect([results, compression.released]).toEqual([["c", "c", "c"], 0]);
    clock.advance(compressionIdleMs);
    expect(compression.released).toBe(1);
    clock.advance(100 * compressionIdleMs);
    expect(compression.released).toBe(1);
    compression.decompress("text", true, keep);
    end();
    clock.advance(2 * compressionIdleMs);
    expect(compression.released).toBe(2);
    expect(clock.armed).toBe(0);
    stop();
  });

  test("are kept while a message is compressed, and between the fragments of one that comes", () => {
    const { clock, compression, stop, keep, end } = open();
    compression.compress("first", true, keep);
    end();
    compression.compress("a slow one", true, keep);
    clock.advance(20 * compressionIdleMs);
    expect(compression.released).toBe(0);
    end();
    compression.decompress("a fragment", false, keep);
    end();
    clock.advance(20 * compressionIdleMs);
    expect(compression.released).toBe(0);
    compression.decompress("the rest", true, keep);
    end();
    clock.advance(2 * compressionIdleMs);
    expect(compression.released).toBe(1);
    stop();
  });

  test("of two sockets are released apart, though both share the functions that note a use", () => {
    const clock = new ManualClock();
    const releases = new IdleReleases(clock);
    const [used, idle] = [new ScriptedCompression(), new ScriptedCompression()];
    releases.watch(used);
    releases.watch(idle);
    expect(used.compress).toBe(idle.compress);
    expect(used.decompress).toBe(idle.decompress);
    used.compress("text", true, () => {});
    used.begun.shift()!();
    idle.compress("a slow one", true, () => {});
    releases.stop(idle);
    clock.advance(2 * compressionIdleMs);
    expect([used.released, idle.released]).toEqual([1, 0]);
    expect(clock.armed).toBe(0);
  });

  test("leave no timer behind when the socket is closed", () => {
    const { clock, compression, stop, keep, end } = open();
    compression.compress("text", true, keep);
    end();
    expect(clock.armed).toBe(1);
    stop();
    expect(clock.armed).toBe(0);
    compression.compress("text", true, keep);
    end();
    expect(clock.armed).toBe(0);
  });
});
