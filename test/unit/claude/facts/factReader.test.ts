import { describe, expect, test } from "@jest/globals";
import { FactReader, retryReasonOf, sessionCommands } from "../../../../server/claude/facts/factReader.ts";
import { ofType, request, result, system, toolResult, toolUse } from "./stream.ts";

const reader = () => new FactReader({ usedBefore: {} });
const figures = (more: Record<string, unknown> = {}) => ({
  inputTokens: 30,
  outputTokens: 20,
  cacheReadInputTokens: 40,
  cacheCreationInputTokens: 0,
  costUSD: 0.5,
  contextWindow: 200_000,
  ...more,
});
const sent = { input_tokens: 10, cache_read_input_tokens: 400, cache_creation_input_tokens: 90 };

describe("the reader of what the CLI says beside its turns", () => {
  test("T08 T09: a result tells the window's use of the last request, and what it adds to each model", () => {
    const facts = reader();
    for (const message of [...request("claude-x", { input_tokens: 1 }, 1), ...request("claude-x", sent, 50)])
      expect(facts.read(message)).toEqual([]);
    expect(facts.read(result({ "claude-x": figures() }))).toEqual([
      { kind: "context", usedTokens: 550, windowTokens: 200_000 },
      { kind: "used", models: [{ model: "claude-x", costUsd: 0.5, inputTokens: 70, outputTokens: 20 }] },
    ]);
    // A command answers without a request, and uses nothing.
    expect(facts.read(result({ "claude-x": figures() }))).toEqual([]);
  });

  test.each([
    ["its own name", "claude-x", 1_000],
    ["the API's more precise name", "claude-y-20260101", 2_000],
    ["the name that the price list has", "claude-z-20260101", 3_000],
    ["no name that is known", "other", 3_000],
  ])("T08: the window is found by %s of the model", (_what, model, windowTokens) => {
    const facts = reader();
    for (const message of request(model, sent, 50)) facts.read(message);
    const models = {
      "claude-x": figures({ contextWindow: 1_000 }),
      "claude-y": figures({ contextWindow: 2_000 }),
      alias: figures({ contextWindow: 3_000, canonicalModel: "claude-z" }),
    };
    expect(facts.read(result(models))[0]).toEqual({ kind: "context", usedTokens: 550, windowTokens });
  });

  test("T08: a subagent's request says nothing about the conversation's window", () => {
    const facts = reader();
    for (const message of request("claude-x", sent, 50))
      facts.read({ ...message, parent_tool_use_id: "t" } as typeof message);
    expect(facts.read(result({})).map(({ kind }) => kind)).toEqual([]);
  });

  test("T08: a compaction is told from its beginning to its end, once each, and its result by the CLI's figures", () => {
    const facts = reader();
    const compacting = system("status", { status: "compacting" });
    expect(facts.read(compacting)).toEqual([{ kind: "compacting", isOn: true }]);
    expect(facts.read(compacting)).toEqual([]);
    expect(facts.read(system("status", { status: null, compact_result: "success" }))).toEqual([
      { kind: "compacting", isOn: false },
    ]);
    const metadata = { trigger: "auto", pre_tokens: 150_000, post_tokens: 9_000 };
    expect(facts.read(system("compact_boundary", { compact_metadata: metadata }))).toEqual([
      { kind: "compacted", trigger: "auto", tokensBefore: 150_000, tokensAfter: 9_000 },
    ]);
  });

  test.each([
    ["a boundary", system("compact_boundary", { compact_metadata: { trigger: "manual", pre_tokens: 1 } })],
    ["the next request", system("status", { status: "requesting" })],
    ["the end of the turn", result({})],
  ])("T08: a compaction ends with %s too", (_what, message) => {
    const facts = reader();
    facts.read(system("status", { status: "compacting" }));
    expect(facts.read(message)[0]).toEqual({ kind: "compacting", isOn: false });
  });

  test("T14: every retry is told with its reason and its pause", () => {
    const retry = {
      attempt: 3,
      max_retries: 10,
      retry_delay_ms: 2_431.5,
      error_status: null,
      error: "unknown",
    };
    expect(reader().read(system("api_retry", retry))).toEqual([
      { kind: "retrying", attempt: 3, reason: "no_connection", waitMs: 2_431.5 },
    ]);
  });

  test.each([
    ["unknown", null, "no_connection"],
    ["server_error", 503, "server_error"],
    ["overloaded", null, "overloaded"],
    ["unknown", 529, "overloaded"],
    ["rate_limit", 429, "rate_limit"],
    ["unknown", 401, "login"],
    ["authentication_failed", 403, "login"],
    ["invalid_request", 400, "other"],
  ])("T14: %s with the status %p is called %s", (error, status, reason) => {
    expect(retryReasonOf(error, status)).toBe(reason);
  });

  test("T07: a changed list of commands comes without the CLI's plumbing and what is not allowed", () => {
    const command = { name: "deploy", description: "D".repeat(900), argumentHint: "<env>" };
    const commands = [
      command,
      { ...command, name: "config" },
      { ...command, name: "__internal" },
      { ...command, name: "compact", aliases: ["config", "check"], builtin: true },
    ];
    const [changed] = reader().read(system("commands_changed", { commands }));
    expect(changed).toEqual({
      kind: "commands",
      commands: [
        { name: "deploy", description: "D".repeat(300), argumentHint: "<env>", aliases: [], builtin: false },
        {
          name: "compact",
          description: "D".repeat(300),
          argumentHint: "<env>",
          aliases: ["check"],
          builtin: true,
        },
      ],
    });
    expect(sessionCommands([])).toEqual([]);
  });

  test("T12: a proposal of what to say next is told, and cut where it is no prompt any more", () => {
    const facts = reader().read(
      ofType("prompt_suggestion", { suggestion: `commit this ${"x".repeat(600)}` }),
    );
    expect(facts).toEqual([{ kind: "suggested", prompts: [`commit this ${"x".repeat(488)}`] }]);
  });

  test("T10: Claude's own notification tool is a notice when it has succeeded", () => {
    const facts = reader();
    const notify = (id: string, message: unknown) => facts.read(toolUse(id, "PushNotification", { message }));
    notify("a", "The build is green");
    notify("b", "Refused");
    notify("c", 7);
    expect(facts.read(toolResult("a", {}))).toEqual([{ kind: "notice", text: "The build is green" }]);
    expect(facts.read(toolResult("a", {}))).toEqual([]);
    expect(facts.read(toolResult("b", {}, true))).toEqual([]);
    expect(facts.read(toolResult("c", {}))).toEqual([]);
  });

  test("T06: a conversation that is cleared has no todos", () => {
    const cleared = { kind: "todos", change: { kind: "cleared" } };
    expect(reader().read(ofType("conversation_reset", { new_conversation_id: "n" }))).toEqual([cleared]);
  });

  test("T09: the limits of a login are its plan's windows", () => {
    const info = { status: "allowed", rateLimitType: "five_hour", utilization: 0.5 };
    expect(reader().read(ofType("rate_limit_event", { rate_limit_info: info }))).toEqual([
      { kind: "plan", windows: [{ id: "five_hour", label: "5 hours", utilizationPercent: 50 }] },
    ]);
    expect(reader().read(ofType("rate_limit_event", { rate_limit_info: { status: "allowed" } }))).toEqual([]);
  });

  test("says nothing about the rest of the stream", () => {
    for (const message of [
      system("init"),
      system("task_started"),
      ofType("tool_progress"),
      toolUse("t", "Bash", {}),
    ])
      expect(reader().read(message)).toEqual([]);
  });
});
