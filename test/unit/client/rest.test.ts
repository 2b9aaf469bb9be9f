import { describe, expect, test } from "@jest/globals";
import { Rest } from "../../../client/src/rest.ts";
import { ManualClock } from "../../support/manualClock.ts";

/** A server that refuses the first `refusals` requests. */
function serverOf(refusals: number, problem: object, status = 429) {
  const asked: string[] = [];
  const fetch = async (url: unknown, init?: { method?: string }) => {
    asked.push(`${init?.method} ${String(url)}`);
    return asked.length > refusals ? Response.json({ fine: true }) : Response.json(problem, { status });
  };
  return { asked, fetch: fetch as typeof globalThis.fetch };
}
const limit = { code: "rate_limited", detail: "300 requests a minute.", retryAfterMs: 20_000 };

describe("a request over the device's limit", () => {
  test("EXAMPLE-8: waits as long as the server says, says that it waits, and is sent again", async () => {
    const clock = new ManualClock();
    const { asked, fetch } = serverOf(2, limit);
    const waits: unknown[] = [];
    const rest = new Rest({ url: "http://x", fetch, clock, onWaiting: (waiting) => waits.push(waiting) });
    const answer = rest.ask("POST", "/api/chat", {});
    await clock.run(19_999);
    expect([asked.length, waits]).toEqual([1, [limit]]);
    await clock.run(1);
    expect(asked.length).toBe(2);
    await clock.run(20_000);
    expect(await answer).toEqual({ fine: true });
    expect(waits).toEqual([limit, limit]);
  });

  test("EXAMPLE-8: is refused after five tries, without a clock at once; other refusals are not repeated", async () => {
    const clock = new ManualClock();
    const always = serverOf(100, limit);
    const given = new Rest({ url: "http://x", fetch: always.fetch, clock })
      .ask("GET", "/y")
      .catch((e) => e.code);
    await clock.run(200_000);
    expect([await given, always.asked.length]).toEqual(["rate_limited", 5]);
    const once = serverOf(100, limit);
    await expect(new Rest({ url: "http://x", fetch: once.fetch }).ask("GET", "/y")).rejects.toThrow(
      "300 requests",
    );
    expect(once.asked.length).toBe(1);
    const full = serverOf(100, { code: "pool_full", detail: "Full.", retryAfterMs: 1_000 }, 503);
    const rest = new Rest({ url: "http://x", fetch: full.fetch, clock });
    await expect(rest.ask("GET", "/y")).rejects.toMatchObject({ code: "pool_full" });
    expect(full.asked.length).toBe(1);
  });
});
