import { expect, test } from "@jest/globals";
import { processNamespace, sendsSignals } from "../../mutate/processNamespace.ts";

test("the namespace is tried without a user namespace first, and is none where the system allows neither", () => {
  const tried: string[] = [];
  const allowing = (allowed: (line: string) => boolean) =>
    processNamespace((command, args) => {
      tried.push([command, ...args].join(" "));
      return allowed(tried.at(-1)!);
    });
  const plain = "unshare --pid --fork --mount-proc --kill-child";
  const withUser = "unshare --user --map-current-user --pid --fork --mount-proc --kill-child";
  expect(allowing(() => true)?.join(" ")).toMatch(new RegExp(`^${plain} sh -c`));
  expect(tried.splice(0)).toEqual([`${plain} true`]);
  expect(allowing((line) => line.includes("--user"))?.join(" ")).toMatch(new RegExp(`^${withUser} sh -c`));
  expect(tried.splice(0)).toEqual([`${plain} true`, `${withUser} true`]);
  expect(allowing(() => false)).toBeUndefined();
});

test("a file sends signals when it does so by process ids, itself or through the reaper's function", () => {
  expect(sendsSignals("process.kill(pid, 0);")).toBe(true);
  expect(sendsSignals('import { sendSignal } from "./processTable.ts";')).toBe(true);
  expect(sendsSignals("child.kill(); this.#signals.send();")).toBe(false);
});
