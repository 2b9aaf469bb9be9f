import type { z } from "zod";
import type { Reply, Turn } from "../../domain/sessions/turn.ts";
import type { responseEventSchema, responseSchema } from "../../wire/openai/responseObject.ts";
import { usageOf } from "./responseShapes.ts";
import { type AnswerForm, errorOf } from "./turnAnswers.ts";

type ResponseObject = z.infer<typeof responseSchema>;
type ResponseEvent = z.infer<typeof responseEventSchema>;
type Unnumbered<E> = E extends unknown ? Omit<E, "sequence_number"> : never;

/** What a response says of the request that it answers. */
export interface ResponseFacts {
  model: string;
  conversationId: string;
  instructions: string | null;
  previousResponseId: string | null;
  metadata: Record<string, string>;
  isStored: boolean;
  user: string | null;
}

export const responseIdOf = (turnId: string): string => `resp_${turnId}`;

/** The turn of a response, or of the one message that a response has, by its id. */
export const turnIdOf = (id: string): string | undefined =>
  /^(?:resp|msg)_([0-9a-f-]{36})$/i.exec(id)?.[1]?.toLowerCase();

const statusByState = {
  queued: "queued",
  running: "in_progress",
  completed: "completed",
  failed: "failed",
  interrupted: "cancelled",
  cancelled: "cancelled",
} as const satisfies Record<Turn["state"], ResponseObject["status"]>;

const partOf = (text: string): ResponseObject["output"][number]["content"][number] => ({
  type: "output_text",
  text,
  annotations: [],
  logprobs: [],
});

const itemOf = (
  turnId: string,
  text: string | undefined,
  status: ResponseObject["output"][number]["status"],
): ResponseObject["output"][number] => ({
  id: `msg_${turnId}`,
  type: "message",
  role: "assistant",
  status,
  content: text === undefined ? [] : [partOf(text)],
});

/** Tokens as this interface counts them. */
function responseUsageOf(reply: Pick<Reply, "usage">): ResponseObject["usage"] {
  const { prompt_tokens, completion_tokens, total_tokens, prompt_tokens_details } = usageOf(reply);
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: prompt_tokens_details,
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens,
  };
}

/** A turn as a response. */
export function responseOf(
  turn: Turn,
  facts: ResponseFacts,
  text: string,
  reply = turn.reply,
): ResponseObject {
  const status = statusByState[turn.state];
  const error = turn.state === "failed" ? errorOf(turn) : undefined;
  const itemStatus = status === "completed" ? "completed" : "incomplete";
  return {
    id: responseIdOf(turn.turnId),
    object: "response",
    created_at: Math.floor(turn.acceptedAt / 1_000),
    status,
    background: false,
    error: error === undefined ? null : { code: error.code, message: error.message },
    incomplete_details: null,
    instructions: facts.instructions,
    max_output_tokens: null,
    metadata: facts.metadata,
    model: facts.model,
    output: text === "" && status !== "completed" ? [] : [itemOf(turn.turnId, text, itemStatus)],
    parallel_tool_calls: true,
    previous_response_id: facts.previousResponseId,
    conversation: { id: facts.conversationId },
    reasoning: { effort: null, summary: null },
    store: facts.isStored,
    temperature: null,
    text: { format: { type: "text" } },
    tool_choice: "auto",
    tools: [],
    top_p: null,
    truncation: "disabled",
    usage: reply === undefined ? null : responseUsageOf(reply),
    user: facts.user,
  };
}

/** Answers as `response`, and events of its stream. */
export class ResponseForm implements AnswerForm {
  readonly #turn: Turn;
  readonly #facts: ResponseFacts;
  #text = "";
  #count = 0;

  constructor(turn: Turn, facts: ResponseFacts) {
    this.#turn = turn;
    this.#facts = facts;
  }

  whole(text: string, reply: Reply): ResponseObject {
    return responseOf(this.#turn, this.#facts, text, reply);
  }

  opening(): string[] {
    const response = this.#response("running");
    const item = itemOf(this.#turn.turnId, undefined, "in_progress");
    return [
      this.#frame({ type: "response.created", response }),
      this.#frame({ type: "response.in_progress", response }),
      this.#frame({ type: "response.output_item.added", output_index: 0, item }),
      this.#frame({ type: "response.content_part.added", ...this.#place(), part: partOf("") }),
    ];
  }

  more(text: string): string[] {
    this.#text += text;
    return [this.#frame({ type: "response.output_text.delta", ...this.#place(), delta: text, logprobs: [] })];
  }

  closing(reply: Reply): string[] {
    const response = this.#response("completed", reply);
    return [...this.#endOfItem("completed"), this.#frame({ type: "response.completed", response })];
  }

  broken({ code, message }: Parameters<AnswerForm["broken"]>[0]): string[] {
    const response = { ...this.#response("failed"), error: { code, message } };
    return [...this.#endOfItem("incomplete"), this.#frame({ type: "response.failed", response })];
  }

  #endOfItem(status: "completed" | "incomplete"): string[] {
    const text = this.#text;
    const item = itemOf(this.#turn.turnId, text, status);
    return [
      this.#frame({ type: "response.output_text.done", ...this.#place(), text, logprobs: [] }),
      this.#frame({ type: "response.content_part.done", ...this.#place(), part: partOf(text) }),
      this.#frame({ type: "response.output_item.done", output_index: 0, item }),
    ];
  }

  #response(state: Turn["state"], reply?: Reply): ResponseObject {
    return responseOf({ ...this.#turn, state }, this.#facts, this.#text, reply);
  }

  #place() {
    return { item_id: `msg_${this.#turn.turnId}`, output_index: 0, content_index: 0 };
  }

  #frame(event: Unnumbered<ResponseEvent>): string {
    const data = { ...event, sequence_number: this.#count };
    this.#count += 1;
    return `event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
