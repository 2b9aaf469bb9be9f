import { describe, expect, test } from "@jest/globals";
import { KeyedQueue } from "../../../../server/pool/sessions/keyedQueue.ts";
import { deferred } from "../rig.ts";

describe("work on one thing after the other", () => {
  test("waits for what came before on the same thing only, whatever that came to", async () => {
    const turnstile = new KeyedQueue();
    const began: string[] = [];
    const first = deferred<string>();
    const work = (name: string, result: Promise<string>) => () => {
      began.push(name);
      return result;
    };
    const one = turnstile.pass("a", work("one", first.promise));
    const two = turnstile.pass("a", work("two", Promise.resolve("2")));
    const other = turnstile.pass("b", work("other", Promise.resolve("o")));
    expect(await other).toBe("o");
    expect(began).toEqual(["one", "other"]);
    first.reject(new Error("No."));
    await expect(one).rejects.toThrow("No.");
    expect(await two).toBe("2");
    expect(began).toEqual(["one", "other", "two"]);
  });

  test("what comes while the second works waits for the second, not for the first", async () => {
    const turnstile = new KeyedQueue();
    const second = deferred<string>();
    const began: string[] = [];
    await turnstile.pass("a", async () => began.push("first"));
    const two = turnstile.pass("a", () => {
      began.push("second");
      return second.promise;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const three = turnstile.pass("a", async () => began.push("third"));
    await new Promise((resolve) => setImmediate(resolve));
    expect(began).toEqual(["first", "second"]);
    second.resolve("2");
    await Promise.all([two, three]);
    expect(began).toEqual(["first", "second", "third"]);
  });
});
