import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TaskOutputs } from "../../../../server/claude/process/taskOutputs.ts";
import type { StreamMessage } from "../../../../server/claude/process/turnReader.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-outputs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The outputs after the end of a task whose file has this content. */
function endedWith(content: string | Buffer): TaskOutputs {
  const path = join(folder, "b1.output");
  writeFileSync(path, content);
  const outputs = new TaskOutputs();
  const ended = { type: "system", subtype: "task_notification", task_id: "b1", output_file: path };
  outputs.note(ended as StreamMessage);
  return outputs;
}

describe("T03 the output of a task that has ended", () => {
  test("is its file", async () => {
    const expected = { output: "one\ntwo\n", totalBytes: 8, truncated: false };
    expect(await endedWith("one\ntwo\n").read("b1")).toEqual(expected);
    expect(await endedWith("").read("b1")).toEqual({ output: "", totalBytes: 0, truncated: false });
  });

  test("is the end of a long file, without the half of a character", async () => {
    const output = await endedWith(`é${"é".repeat(5_000)}x`).read("b1");
    expect(output).toEqual({ output: `${"é".repeat(4_095)}x`, totalBytes: 10_003, truncated: true });
  });

  test("is not known of a task that runs, and cannot be read when the file is gone", async () => {
    const outputs = endedWith("one");
    expect(await outputs.read("b2")).toBeUndefined();
    rmSync(join(folder, "b1.output"));
    await expect(outputs.read("b1")).rejects.toThrow("ENOENT");
  });
});
