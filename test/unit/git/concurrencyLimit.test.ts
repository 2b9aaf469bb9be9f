import { expect, test } from "@jest/globals";
import { ConcurrencyLimit } from "../../../server/git/concurrencyLimit.ts";

const never = new AbortController().signal;
/** Work that ends when the test says so. */
function work(begun: string[], name: string) {
  let end = () => {};
  const run = () =>
    new Promise<string>((resolve) => {
      begun.push(name);
      end = () => resolve(name);
    });
  return { run, end: () => end() };
}

test("work beyond a device's share waits, and does not hold up another device", async () => {
  const limit = new ConcurrencyLimit({ running: 2, runningOfDevice: 1, heldOfDevice: 2 });
  const begun: string[] = [];
  const [a1, a2, b1, c1] = ["a1", "a2", "b1", "c1"].map((name) => work(begun, name)) as [
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
    ReturnType<typeof work>,
  ];
  const all = [
    limit.run("a", never, a1.run),
    limit.run("a", never, a2.run),
    limit.run("b", never, b1.run),
    limit.run("c", never, c1.run),
  ];
  await expect(limit.run("a", never, a1.run)).rejects.toMatchObject({ code: "rate_limited" });
  expect(begun).toEqual(["a1", "b1"]);
  a1.end();
  await all[0];
  expect(begun).toEqual(["a1", "b1", "a2"]);
  b1.end();
  await all[2];
  expect(begun).toEqual(["a1", "b1", "a2", "c1"]);
  a2.end();
  c1.end();
  expect(await Promise.all(all)).toEqual(["a1", "a2", "b1", "c1"]);
});

test("work that is given up while it waits never begins, and work that fails frees its place", async () => {
  const limit = new ConcurrencyLimit({ running: 1, runningOfDevice: 1, heldOfDevice: 3 });
  const begun: string[] = [];
  const first = work(begun, "first");
  const running = limit.run("a", never, first.run);
  const over = new AbortController();
  const waiting = limit.run("a", over.signal, work(begun, "second").run);
  over.abort(new Error("given up"));
  await expect(waiting).rejects.toThrow("given up");
  await expect(limit.run("a", over.signal, work(begun, "third").run)).rejects.toThrow("given up");
  first.end();
  await running;
  await expect(limit.run("a", never, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(await limit.run("a", never, async () => "next")).toBe("next");
  expect(begun).toEqual(["first"]);
});
