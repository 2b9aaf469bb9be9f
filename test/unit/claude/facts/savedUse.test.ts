import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lastSavedUse, savedUse, transcriptFacts } from "../../../../server/claude/facts/savedUse.ts";

const figures = {
  inputTokens: 20,
  outputTokens: 10,
  cacheReadInputTokens: 0,
  cacheCreationInputTokens: 3,
  costUSD: 0.5,
};
const line = (costUSD: number) =>
  JSON.stringify({
    type: "cost-state",
    totalCostUSD: 1,
    modelUsage: { "claude-x": { ...figures, costUSD } },
  });
const filler = (bytes: number) => `${JSON.stringify({ type: "assistant", text: "x".repeat(bytes) })}\n`;

describe("T09 the use that a transcript saved", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "daylong-saved-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("T09: is that of its last line of figures", () => {
    expect(lastSavedUse(`${line(0.1)}\n${filler(10)}${line(0.5)}\n${filler(10)}`)).toEqual({
      "claude-x": figures,
    });
    expect(lastSavedUse(filler(10))).toBeUndefined();
  });

  test.each([
    ["is cut off", line(0.5).slice(0, -20)],
    ["has another shape", '{"type":"cost-state","modelUsage":7}'],
  ])("T09: is unknown where the line %s", (_what, text) => {
    expect(lastSavedUse(text)).toBeUndefined();
  });

  test("T09: is found before turns that the CLI did not outlive, and is nothing without a file", async () => {
    const path = join(folder, "a.jsonl");
    writeFileSync(path, `${line(0.5)}\n${filler(200_000)}`);
    expect(await savedUse(path)).toEqual({ "claude-x": figures });
    expect(await savedUse(join(folder, "none.jsonl"))).toEqual({});
  });

  test("T09: goes on from the own transcript, or for a copy that is still to be made from that of the copied conversation", async () => {
    const projects = join(folder, "projects", "-alpha");
    mkdirSync(projects, { recursive: true });
    const own = `${line(0.5)}\n`;
    writeFileSync(join(projects, "own.jsonl"), own);
    writeFileSync(join(projects, "copied.jsonl"), `${line(0.7)}\n`);
    const copied = { "claude-x": Object.assign({}, figures, { costUSD: 0.7 }) };
    const facts = (claudeSessionId: string, fork?: boolean) =>
      transcriptFacts(folder, {
        claudeSessionId,
        options: fork === undefined ? {} : { origin: { resume: "copied", fork } },
      });
    expect(await facts("own", true)).toEqual({ sizeBytes: own.length, usedBefore: { "claude-x": figures } });
    expect(await facts("new", true)).toEqual({ sizeBytes: 0, usedBefore: copied });
    expect(await facts("new", false)).toEqual({ sizeBytes: 0, usedBefore: {} });
    expect(await facts("new")).toEqual({ sizeBytes: 0, usedBefore: {} });
  });
});
