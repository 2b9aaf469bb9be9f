import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { contentOf, resultOf, translate } from "../../../../server/claude/process/translate.ts";
import type { TurnResult } from "../../../../server/domain/processes/process.ts";

/** What the SDK hands over, as far as Daylong reads it. */
const hear = (message: object) => [...contentOf(message as SDKMessage), ...translate(message as SDKMessage)];
const streamed = (event: object, parent: string | null = null) =>
  hear({ type: "stream_event", uuid: "u", session_id: "s", parent_tool_use_id: parent, event });
const assistant = (content: object[], more: object = {}) =>
  hear({
    type: "assistant",
    uuid: "message-1",
    session_id: "s",
    parent_tool_use_id: null,
    message: { role: "assistant", content },
    ...more,
  });
const user = (content: unknown, parent: string | null = null) =>
  hear({ type: "user", parent_tool_use_id: parent, message: { role: "user", content } });
const result = (more: object = {}): TurnResult =>
  resultOf({
    type: "result",
    subtype: "success",
    is_error: false,
    result: "Done.",
    duration_ms: 12,
    num_turns: 2,
    total_cost_usd: 0.25,
    usage: {
      input_tokens: 3,
      output_tokens: 4,
      cache_read_input_tokens: 5,
      cache_creation_input_tokens: 6,
    },
    ...more,
  } as unknown as Parameters<typeof resultOf>[0]);
const words = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } };

describe("D01 words on their way", () => {
  test("are told as they come", () => {
    expect(streamed(words)).toEqual([{ kind: "delta", text: "Hel" }]);
  });
  test("are not told of a subagent", () => {
    expect(streamed(words, "toolu_1")).toEqual([]);
  });
  test("tell that Claude thinks, but not what", () => {
    const start = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "thinking", thinking: "" },
    };
    expect(streamed(start)).toEqual([{ kind: "thinking" }]);
    expect(streamed({ type: "content_block_delta", index: 0, delta: { type: "thinking_delta" } })).toEqual(
      [],
    );
  });
  test.each(["message_start", "message_stop", "content_block_stop", "message_delta", "ping"])(
    "are silent about %s",
    (type) => {
      expect(streamed({ type })).toEqual([]);
    },
  );
});

describe("a finished message", () => {
  test("is its texts and the tools it starts, in order", () => {
    const signals = assistant([
      { type: "text", text: "I will look." },
      { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls -l" } },
    ]);
    expect(signals).toEqual([
      { kind: "message", messageId: "message-1", text: "I will look." },
      {
        kind: "tool-started",
        toolUseId: "t1",
        toolName: "Bash",
        title: "Bash: ls -l",
        input: { command: "ls -l" },
      },
    ]);
  });
  test("is not told when it is empty, thinks, or is of a kind not known yet", () => {
    expect(
      assistant([{ type: "text", text: "" }, { type: "thinking", thinking: "Hm." }, { type: "new" }]),
    ).toEqual([]);
  });
  test("T05 of a subagent is told as that of the subagent, with its name where the CLI gives it", () => {
    const text = [{ type: "text", text: "Hi." }];
    const named = { agent_id: "a1", subagent_type: "explorer", task_description: "Look around" };
    expect(assistant(text, { parent_tool_use_id: "toolu_1", ...named })).toEqual([
      {
        kind: "agent-message",
        agent: { agentId: "a1", type: "explorer", description: "Look around" },
        text: "Hi.",
        parentToolUseId: "toolu_1",
      },
    ]);
    expect(assistant(text, { parent_tool_use_id: "toolu_1" })).toMatchObject([
      { kind: "agent-message", agent: { agentId: "toolu_1" } },
    ]);
  });
  test("that is the CLI's own notice of an error is left to the result", () => {
    expect(assistant([{ type: "text", text: "API Error" }], { error: "server_error" })).toEqual([]);
  });
});

describe("half a character", () => {
  test("is mended in finished texts, and left in the pieces on their way, where the other half may follow", () => {
    expect(assistant([{ type: "text", text: "a\ud83d" }])).toMatchObject([{ text: "a\ufffd" }]);
    expect(result({ result: "a\ud83d" }).text).toBe("a\ufffd");
    const piece = { ...words, delta: { type: "text_delta", text: "\ud83d" } };
    expect(streamed(piece)).toEqual([{ kind: "delta", text: "\ud83d" }]);
  });
  test("is not left by the cut of a failure's words", () => {
    const failed = { subtype: "error_during_execution", is_error: true };
    const detail = result({ ...failed, errors: [`x${"🙂".repeat(2_000)}`] }).failure?.detail;
    expect(detail).toBe(`x${"🙂".repeat(999)}`);
  });
});

describe("a tool's result", () => {
  test("tells whether it failed", () => {
    const blocks = [
      { type: "tool_result", tool_use_id: "t1", content: "ok" },
      { type: "tool_result", tool_use_id: "t2", content: "no", is_error: true },
      { type: "text", text: "x" },
    ];
    expect(user(blocks)).toEqual([
      { kind: "tool-finished", toolUseId: "t1", failed: false, summary: "ok" },
      { kind: "tool-finished", toolUseId: "t2", failed: true, summary: "no" },
    ]);
  });
  test("of a subagent's tool is told too; a message of plain text tells nothing", () => {
    expect(user([{ type: "tool_result", tool_use_id: "t1" }], "toolu_1")).toEqual([
      { kind: "tool-finished", toolUseId: "t1", failed: false },
    ]);
    expect(user("Hello")).toEqual([]);
  });
});

describe("the result of a turn", () => {
  test("carries its text and figures", () => {
    expect(result()).toEqual({
      text: "Done.",
      totalCostUsd: 0.25,
      usage: { inputTokens: 3, outputTokens: 4, cacheReadTokens: 5, cacheCreationTokens: 6 },
      durationMs: 12,
      numTurns: 2,
      outcome: "completed",
      failure: undefined,
    });
  });

  test("counts nothing where the CLI leaves figures out", () => {
    const usage = { input_tokens: null, output_tokens: undefined, cache_read_input_tokens: null };
    expect(result({ usage }).usage).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      cacheReadTokens: 0,
      cacheCreationTokens: 0,
    });
  });

  test("S23 of a turn that was broken off is an interruption, not a failure", () => {
    const broken = {
      subtype: "error_during_execution",
      is_error: true,
      errors: [],
      terminal_reason: "aborted_x",
    };
    expect(result(broken)).toMatchObject({ outcome: "interrupted", text: "", failure: undefined });
  });

  test.each([
    ["error_max_turns", "turn_limit"],
    ["error_max_budget_usd", "turn_limit"],
    ["error_during_execution", "claude_error"],
  ])("of subtype %s fails with %s", (subtype, code) => {
    const failed = result({ subtype, is_error: true, errors: ["One.", "Two."], result: undefined });
    expect(failed).toMatchObject({ outcome: "failed", text: "", failure: { code } });
    expect(failed.failure?.detail).not.toBe("");
  });

  test("that calls itself a success and an error is an error with its words", () => {
    expect(result({ is_error: true, result: "API Error: 500" })).toMatchObject({
      outcome: "failed",
      text: "",
      failure: { code: "claude_error", detail: "API Error: 500" },
    });
  });

  test("has a reason even where Claude gives none, and never a giant one", () => {
    const failed = { subtype: "error_during_execution", is_error: true };
    expect(result({ ...failed, errors: [] }).failure?.detail).toBe("Claude gave no reason.");
    expect(result({ ...failed, errors: ["x".repeat(9_000)] }).failure?.detail).toHaveLength(2_000);
  });
});

test.each(["system", "tool_progress", "auth_status", "something_new"])(
  "a message of type %s means nothing",
  (type) => {
    expect(hear({ type, subtype: "init" })).toEqual([]);
  },
);

describe("F16 F17: a request that the API refuses", () => {
  const retry = (error: string, error_status: number | null, more: object = {}) =>
    hear({
      type: "system",
      subtype: "api_retry",
      attempt: 2,
      max_retries: 10,
      retry_delay_ms: 1_206,
      error_status,
      error,
      ...more,
    });
  const said = (signals: object[]) =>
    signals.map((signal) => {
      const { kind, refusals, final, waitMs, limit } = signal as Record<string, unknown>;
      return [kind, refusals, final, waitMs, ...(limit === undefined ? [] : [limit])];
    });

  test("for its login says so at each of the CLI's own tries, whatever the CLI calls it", () => {
    expect(said(retry("authentication_failed", 401))).toEqual([["login-refused", 2, false, 1_206]]);
    expect(said(retry("unknown", 401))).toEqual([["login-refused", 2, false, 1_206]]);
    expect(JSON.stringify(retry("authentication_failed", 401))).toContain("claude /login");
  });
  test("for too many requests names the limit", () => {
    expect(said(retry("rate_limit", 429))).toEqual([["limit-hit", 2, false, 1_206, "rate_limit"]]);
    expect(said(retry("unknown", 429))).toEqual([["limit-hit", 2, false, 1_206, "rate_limit"]]);
  });
  test("for other reasons says nothing of all sessions", () => {
    expect(retry("overloaded", 529)).toEqual([]);
    expect(retry("server_error", 500)).toEqual([]);
    expect(retry("unknown", null)).toEqual([]);
  });
  test("for good is told by the CLI's notice, also of a subagent's request", () => {
    const notice = [{ type: "text", text: "Not logged in · Please run /login" }];
    const error = "authentication_failed";
    expect(said(assistant(notice, { error }))).toEqual([["login-refused", 1, true, 0]]);
    expect(said(assistant(notice, { error, parent_tool_use_id: "t" }))).toEqual([
      ["login-refused", 1, true, 0],
    ]);
    expect(said(assistant(notice, { error: "billing_error" }))).toEqual([
      ["limit-hit", 1, true, 0, "billing"],
    ]);
  });

  const limitEvent = (info: object) => hear({ type: "rate_limit_event", rate_limit_info: info });
  test("for a login's usage limit carries the reset, in milliseconds", () => {
    const [signal] = limitEvent({ status: "rejected", resetsAt: 1_800_000_000, rateLimitType: "five_hour" });
    expect(signal).toMatchObject({
      kind: "limit-hit",
      limit: "five_hour",
      final: true,
      resetsAt: 1_800_000_000_000,
    });
    expect(signal).toMatchObject({ detail: expect.stringContaining("five hour") });
  });
  test("is none while the limit only warns, or is paid for beyond", () => {
    expect(limitEvent({ status: "allowed_warning", resetsAt: 1, utilization: 0.9 })).toEqual([]);
    expect(limitEvent({ status: "allowed" })).toEqual([]);
    expect(limitEvent({ status: "rejected", isUsingOverage: true })).toEqual([]);
  });
  test("when logging in failed is told as a lost login", () => {
    expect(said(hear({ type: "auth_status", isAuthenticating: false, output: [], error: "no" }))).toEqual([
      ["login-refused", 1, true, 0],
    ]);
    expect(hear({ type: "auth_status", isAuthenticating: true, output: [] })).toEqual([]);
  });
});

describe("F13 words of a conversation that cannot be gone on with", () => {
  const failureOf = (said: string) => result({ is_error: true, result: said }).failure?.code;

  test.each([
    // The CLI's own, of version 2.1.330.
    "API Error: 400 due to tool use concurrency issues. Run /rewind to recover the conversation.",
    "API Error: 400 orphaned tool_result in conversation history. Run /rewind to recover the conversation.",
    "API Error: 400 duplicate tool_use ID in conversation history.",
    // The API's, passed through.
    "messages.3: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1",
    "messages.2: unexpected `tool_use_id` found in `tool_result` blocks: toolu_1",
    "messages.5: `tool_use` ids must be unique",
  ])("are known: %s", (said) => {
    expect(failureOf(said)).toBe("conversation_lost");
  });

  test.each(["API Error: 400 max_tokens: must be greater than 0", "API Error: 500", "Prompt is too long"])(
    "are not any others: %s",
    (said) => {
      expect(failureOf(said)).toBe("claude_error");
    },
  );

  test("are no words of Claude's own, who may speak of such things", () => {
    expect(result({ result: "API Error: 400 due to tool use concurrency issues." })).toMatchObject({
      outcome: "completed",
      failure: undefined,
    });
  });
});

describe("P02 the mode that Claude is in", () => {
  test("is told when it changes by itself, and words that mean nothing here are not", () => {
    const status = (permissionMode?: string) =>
      hear({ type: "system", subtype: "status", status: null, permissionMode });
    expect(status("default")).toEqual([{ kind: "mode", permissionMode: "default" }]);
    expect(status("plan")).toEqual([{ kind: "mode", permissionMode: "plan" }]);
    expect(status("some-new-mode")).toEqual([]);
    expect(status()).toEqual([]);
  });
});

test("DOOR-8 a tool whose input is nested without end is told of, and can be stored", () => {
  const deep: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  const told = assistant([{ type: "tool_use", id: "t1", name: "mcp__a__b", input: { a: 1, deep } }]);
  expect(told).toMatchObject([{ kind: "tool-started", toolName: "mcp__a__b", input: { a: 1 } }]);
  expect(JSON.stringify(told).length).toBeLessThan(2_000);
});
