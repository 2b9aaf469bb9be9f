import { describe, expect, test } from "@jest/globals";
import type { TurnResult } from "../../../../server/domain/processes/process.ts";
import type { CurrentTurn } from "../../../../server/pool/state/openTurns.ts";
import { endOf } from "../../../../server/pool/turns/turnWriter.ts";

const result = (more: Partial<TurnResult>): TurnResult => ({
  text: "",
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 1,
  numTurns: 1,
  totalCostUsd: 0,
  outcome: "completed",
  ...more,
});
const turn = (more: Partial<CurrentTurn>): CurrentTurn => ({
  turnId: "t",
  origin: "user",
  isGiven: true,
  hasActed: false,
  ...more,
});
const fault = { code: "stalled" as const, detail: "Silent." };
const failed = result({ outcome: "failed", failure: { code: "claude_error", detail: "400" } });

describe("how a turn ends", () => {
  test("a whole answer stands, whatever was asked of the turn meanwhile", () => {
    const said = result({ text: "All." });
    const lastMessage = { messageId: "m", text: "All." };
    const end = endOf(said, turn({ lastMessage, end: { kind: "fault", failure: fault } }));
    expect(end).toEqual({ kind: "completed", result: said, messageId: "m" });
  });

  test("F25 T02: an answer that was said before the last tool is the reply of a result without text", () => {
    const lastMessage = { messageId: "m", text: "The answer is 4." };
    expect(endOf(result({}), turn({ lastMessage }))).toMatchObject({
      kind: "completed",
      result: { text: "The answer is 4." },
      messageId: "m",
    });
    expect(endOf(result({}), turn({}))).toMatchObject({ result: { text: "" }, messageId: undefined });
  });

  test("the owner's interrupt and our fault go before what Claude says", () => {
    expect(endOf(failed, turn({ end: { kind: "interrupt", detail: "The owner." } }))).toEqual({
      kind: "interrupted",
      failure: { code: "interrupted", detail: "The owner." },
      result: failed,
    });
    expect(endOf(failed, turn({ end: { kind: "fault", failure: fault } }))).toEqual({
      kind: "failed",
      failure: fault,
      result: failed,
    });
  });

  test("an interrupt of nobody's is Claude's own", () => {
    const broken = result({ outcome: "interrupted" });
    expect(endOf(broken, turn({ limit: fault }))).toEqual({
      kind: "failed",
      failure: { code: "claude_error", detail: "Claude broke off the turn." },
      result: broken,
    });
  });

  test("a limit is named, with Claude's words when there are any", () => {
    const limited = { code: "usage_limit" as const, detail: "Used up." };
    expect(endOf(failed, turn({ limit: limited }))).toMatchObject({
      failure: { code: "usage_limit", detail: "400" },
    });
    expect(endOf(result({ outcome: "failed" }), turn({ limit: limited }))).toMatchObject({
      failure: limited,
    });
  });

  test("a failure is Claude's word, or the word that there was none", () => {
    expect(endOf(failed, turn({}))).toMatchObject({ kind: "failed", failure: failed.failure });
    expect(endOf(result({ outcome: "failed" }), turn({}))).toMatchObject({
      failure: { code: "claude_error", detail: "Claude gave no reason." },
    });
  });
});
