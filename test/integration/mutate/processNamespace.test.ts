import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { processNamespace } from "../../mutate/processNamespace.ts";

/** Tells whether it can see the process of this test, leaves a child behind, and fails on purpose. */
const script = `
  const { spawn } = require("node:child_process");
  let sees = "sees the test";
  try { process.kill(${process.pid}, 0); } catch { sees = "sees nothing"; }
  const left = spawn("sleep", ["3600"], { detached: true, stdio: "inherit" });
  left.unref();
  console.log(process.pid < 10 ? "inside" : "outside", sees);
  process.exitCode = 7;`;

test("a command in the namespace reaches nothing outside, and what it leaves behind ends with it", () => {
  const namespace = processNamespace();
  // Where the system allows no namespace, the run leaves out the files that send signals.
  if (!namespace) return expect(spawnSync("unshare", ["--pid", "--fork", "true"]).status).not.toBe(0);
  const [command, ...words] = namespace;
  // The child that is left holds the pipe: the call returns by its deadline only if that child ended.
  const { stdout, status, error } = spawnSync(command!, [...words, process.execPath, "-e", script], {
    encoding: "utf8",
    timeout: 10_000,
  });
  expect(error).toBeUndefined();
  expect([stdout, status]).toEqual(["inside sees nothing\n", 7]);
});
