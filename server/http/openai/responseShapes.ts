import type { NamedConversation } from "../../domain/sessions/conversation.ts";
import type { Reply, Turn } from "../../domain/sessions/turn.ts";
import type { SessionView } from "../../pool/port.ts";

/** OpenAI counts in seconds. */
const seconds = (at: number): number => Math.floor(at / 1_000);

/** What every frame of a completion carries. */
export interface CompletionHead {
  id: string;
  created: number;
  model: string;
  conversation_id: string;
}

export const headOf = (turn: Turn, model: string, conversationId: string): CompletionHead => ({
  id: `chatcmpl-${turn.turnId}`,
  created: seconds(turn.acceptedAt),
  model,
  conversation_id: conversationId,
});

/** The turn's token usage, tokens from the cache included. */
export const usageOf = ({ usage }: Pick<Reply, "usage">) => {
  const prompt = usage.inputTokens + usage.cacheReadTokens + usage.cacheCreationTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens },
  };
};

/** The reply with the tokens of the turns that came of it added to its own. */
export function withUsageOf(reply: Reply, own: readonly Reply[]): Reply {
  const sum = (of: keyof Reply["usage"]) =>
    own.reduce((total, { usage }) => total + usage[of], reply.usage[of]);
  return {
    ...reply,
    usage: {
      inputTokens: sum("inputTokens"),
      outputTokens: sum("outputTokens"),
      cacheReadTokens: sum("cacheReadTokens"),
      cacheCreationTokens: sum("cacheCreationTokens"),
    },
  };
}

export const completionOf = (head: CompletionHead, content: string, reply: Reply) => ({
  object: "chat.completion",
  ...head,
  choices: [
    {
      index: 0,
      message: { role: "assistant", content, refusal: null },
      logprobs: null,
      finish_reason: "stop",
    },
  ],
  usage: usageOf(reply),
});

/** One frame of a stream. `usage` is there, as null, in all of them when the client asked for the frame that has it. */
export const chunkOf = (
  head: CompletionHead,
  withUsage: boolean,
  delta: { role?: "assistant"; content?: string },
  finishReason: "stop" | null = null,
) => ({
  object: "chat.completion.chunk",
  ...head,
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
  ...(withUsage ? { usage: null } : {}),
});

export const usageChunkOf = (head: CompletionHead, reply: Reply) => ({
  object: "chat.completion.chunk",
  ...head,
  choices: [],
  usage: usageOf(reply),
});

export const conversationView = (conversation: NamedConversation, session: SessionView) => ({
  id: conversation.conversationId,
  object: "conversation",
  created_at: seconds(conversation.createdAt),
  last_activity_at: seconds(session.lastActivityAt),
  session_id: session.sessionId,
  title: session.title,
  state: session.state,
  model: session.model ?? "default",
  project_path: session.projectPath,
  turn_count: session.turnCount,
});
