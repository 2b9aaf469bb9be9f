import { describe, expect, test } from "@jest/globals";
import type { Reply, Turn } from "../../../../server/domain/sessions/turn.ts";
import {
  chunkOf,
  completionOf,
  conversationView,
  headOf,
  usageChunkOf,
} from "../../../../server/http/openai/responseShapes.ts";
import type { SessionView } from "../../../../server/pool/port.ts";

const turn = { turnId: "t1", acceptedAt: 1_700_000_000_999 } as Turn;
const reply = {
  usage: { inputTokens: 3, outputTokens: 5, cacheReadTokens: 100, cacheCreationTokens: 20 },
} as Reply;
const head = { id: "chatcmpl-t1", created: 1_700_000_000, model: "m", conversation_id: "c1" };
const usage = {
  prompt_tokens: 123,
  completion_tokens: 5,
  total_tokens: 128,
  prompt_tokens_details: { cached_tokens: 100 },
};

describe("C03: OpenAI's shapes", () => {
  test("C03: a completion has its turn's id, the whole second in which it was accepted, and its whole use", () => {
    expect(headOf(turn, "m", "c1")).toEqual(head);
    expect(completionOf(head, "Hello", reply)).toEqual({
      object: "chat.completion",
      ...head,
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hello", refusal: null },
          logprobs: null,
          finish_reason: "stop",
        },
      ],
      usage,
    });
  });

  test("C03: a chunk has a use, which is null, only when the client asked for the chunk that has one", () => {
    const choice = { index: 0, delta: { content: "Hi" }, logprobs: null, finish_reason: null };
    const chunk = { object: "chat.completion.chunk", ...head };
    expect(chunkOf(head, false, { content: "Hi" })).toEqual({ ...chunk, choices: [choice] });
    expect(chunkOf(head, false, { content: "Hi" })).not.toHaveProperty("usage");
    expect(chunkOf(head, true, {}, "stop")).toEqual({
      ...chunk,
      choices: [{ ...choice, delta: {}, finish_reason: "stop" }],
      usage: null,
    });
    expect(usageChunkOf(head, reply)).toEqual({ ...chunk, choices: [], usage });
  });

  test("C03: a conversation is shown with its session, and default as the model of one that has no wish", () => {
    const session = {
      sessionId: "s1",
      title: "T",
      state: "idle",
      model: null,
      projectPath: "/p",
      turnCount: 2,
      lastActivityAt: 1_700_000_100_500,
    } as unknown as SessionView;
    const conversation = { conversationId: "c1", sessionId: "s1", createdAt: 1_700_000_000_500 };
    const view = conversationView(conversation as never, session);
    expect(view).toEqual({
      id: "c1",
      object: "conversation",
      created_at: 1_700_000_000,
      last_activity_at: 1_700_000_100,
      session_id: "s1",
      title: "T",
      state: "idle",
      model: "default",
      project_path: "/p",
      turn_count: 2,
    });
    expect(conversationView(conversation as never, { ...session, model: "m" }).model).toBe("m");
  });
});
