import { describe, expect, test } from "@jest/globals";
import { RetryingWriter, rewriteMs } from "../../../../server/pool/state/retryingWriter.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A writer, what it wrote and what came after, in their order; `failures` of the coming writes fail. */
function bench() {
  const clock = new ManualClock();
  const said: string[] = [];
  const errors: unknown[] = [];
  const writer = new RetryingWriter({ clock, log: { ...quiet, error: (_, fields) => errors.push(fields) } });
  const plan = { failures: 0 };
  const run = (name: string, then: () => void = () => {}) =>
    writer.run(
      () => {
        if (plan.failures > 0) {
          plan.failures -= 1;
          throw new Error("full");
        }
        said.push(`write ${name}`);
      },
      () => {
        said.push(`then ${name}`);
        then();
      },
    );
  return { clock, said, errors, plan, run, writer };
}

describe("the writer that tries again", () => {
  test("writes at once and says so once, and has no timer", () => {
    const { clock, said, run } = bench();
    run("a");
    run("b");
    expect([said, clock.armed]).toEqual([["write a", "then a", "write b", "then b"], 0]);
  });

  test("tries what failed every second, and lets nothing overtake it", () => {
    const { clock, said, errors, plan, run } = bench();
    plan.failures = 2;
    run("a");
    run("b");
    expect([said, clock.armed, errors.length]).toEqual([[], 1, 1]);
    clock.advance(rewriteMs - 1);
    expect(errors).toHaveLength(1);
    clock.advance(1);
    expect([errors.length, said, clock.armed]).toEqual([2, [], 1]);
    clock.advance(1_000);
    expect([said, clock.armed]).toEqual([["write a", "then a", "write b", "then b"], 0]);
    expect(rewriteMs).toBe(1_000);
  });

  test("is armed again by a failure after a recovery", () => {
    const { clock, said, plan, run } = bench();
    plan.failures = 1;
    run("a");
    clock.advance(1_000);
    plan.failures = 1;
    run("b");
    expect(clock.armed).toBe(1);
    clock.advance(1_000);
    expect(said).toEqual(["write a", "then a", "write b", "then b"]);
  });

  test("writes what is added by what comes after a write, after it and once", () => {
    const { said, run } = bench();
    run("a", () => run("b"));
    run("c");
    expect(said).toEqual(["write a", "then a", "write b", "then b", "write c", "then c"]);
  });

  test("makes no more retries than are left at a stop, drops the rest and says so", async () => {
    const { clock, said, errors, plan, run, writer } = bench();
    plan.failures = 10;
    run("a");
    run("b");
    const givenUp = writer.limitRetries(2);
    clock.advance(1_000);
    expect([errors.length, clock.armed, writer.isGivenUp]).toEqual([2, 1, false]);
    clock.advance(1_000);
    expect([errors.length, clock.armed, writer.isGivenUp]).toEqual([3, 1, false]);
    clock.advance(1_000);
    await givenUp;
    plan.failures = 0;
    run("c");
    expect([said, errors.length, clock.armed, writer.isGivenUp]).toEqual([[], 4, 0, true]);
  });

  test("writes what can be written within the retries that are left", () => {
    const { clock, said, plan, run, writer } = bench();
    plan.failures = 2;
    run("a");
    void writer.limitRetries(1);
    run("b");
    clock.advance(1_000);
    expect(said).toEqual([]);
    clock.advance(1_000);
    expect([said, writer.isGivenUp]).toEqual([["write a", "then a", "write b", "then b"], false]);
  });
});
