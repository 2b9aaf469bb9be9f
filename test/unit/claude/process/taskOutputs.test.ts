import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Query } from "@anthropic-ai/claude-agent-sdk";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { TaskOutputs } from "../../../../server/claude/process/taskOutputs.ts";
import type { StreamMessage } from "../../../../server/claude/process/turnReader.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-outputs-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A CLI that has every task. */
const cli = {
  getTaskOutput: async (taskId: string) => ({ output: `of ${taskId}`, total_bytes: 5, truncated: false }),
} as unknown as Query;

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
    expect(await endedWith("one\ntwo\n").of(cli, "b1")).toEqual(expected);
    expect(await endedWith("").of(cli, "b1")).toEqual({ output: "", totalBytes: 0, truncated: false });
  });

  test("is the end of a long file, without the half of a character", async () => {
    const output = await endedWith(`é${"é".repeat(5_000)}x`).of(cli, "b1");
    expect(output).toEqual({ output: `${"é".repeat(4_095)}x`, totalBytes: 10_003, truncated: true });
  });

  test("is the CLI's to give while the task runs, and cannot be read when the file is gone", async () => {
    const outputs = endedWith("one");
    expect(await outputs.of(cli, "b2")).toEqual({ output: "of b2", totalBytes: 5, truncated: false });
    rmSync(join(folder, "b1.output"));
    await expect(outputs.of(cli, "b1")).rejects.toThrow("ENOENT");
  });

  test("is not read through a link that a tool put in the place of the file", async () => {
    const outputs = endedWith("one");
    rmSync(join(folder, "b1.output"));
    writeFileSync(join(folder, "secret"), "secret");
    symlinkSync(join(folder, "secret"), join(folder, "b1.output"));
    await expect(outputs.of(cli, "b1")).rejects.toThrow("ELOOP");
    rmSync(join(folder, "b1.output"));
  });
});
