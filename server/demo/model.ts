import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { isSuggestionRequest, offeredTools } from "./factOrders.ts";
import type { DemoReply, ModelMessage } from "./messages.ts";
import { reply, unpairedToolUse } from "./script.ts";

/** What the demo model reads of a Messages API request; the CLI sends much more. */
const requestSchema = z.object({
  model: z.string(),
  max_tokens: z.number().optional(),
  stream: z.boolean().optional(),
  system: z.unknown().optional(),
  tools: z.array(z.looseObject({ name: z.string() })).optional(),
  messages: z.array(
    z.object({
      role: z.string(),
      content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
    }),
  ),
});

/** The bundled loopback Messages API. */
export interface DemoModel {
  url: string;
  /**
   * Number of `POST /v1/messages` since the start, but for those that ask for a proposal of what to say next; tests count
   * storms with it.
   */
  requestCount(): number;
  /** Answers every request with this HTTP status until called with `undefined`. */
  failEverything(status: number | undefined): void;
  /**
   * Answers every request until this instant as the API does to a login whose five hours are used up. Only a CLI that is
   * logged in (`CLAUDE_CODE_OAUTH_TOKEN`) looks at it; the instant is a whole second.
   */
  useUpLimit(resetsAt: number): void;
  /**
   * From now on its answers say how much of the five hours of a login is used, as a share of 1; a whole second ends them.
   * Only a CLI that is logged in looks at it.
   */
  tellLimit(used: number, resetsAt: number): void;
  /**
   * From now on it takes the result of this tool use for missing, and answers 400 to every conversation that holds it,
   * as the API does to a transcript that a crash has damaged.
   */
  loseToolResult(toolUseId: string): void;
  /** Idempotent. */
  stop(): Promise<void>;
}

const errorTypes: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}

const sendError = (
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
  message = `The demo model was told to answer ${status}.`,
) =>
  sendJson(
    response,
    status,
    { type: "error", error: { type: errorTypes[status] ?? "api_error", message } },
    headers,
  );

/** Headers as the API sends them with the 429 of a login's usage limit; they count seconds. */
const usedUpHeaders = (resetsAt: number): Record<string, string> => {
  const reset = String(resetsAt / 1_000);
  return {
    "anthropic-ratelimit-unified-status": "rejected",
    "anthropic-ratelimit-unified-reset": reset,
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-5h-status": "rejected",
    "anthropic-ratelimit-unified-5h-reset": reset,
    "anthropic-ratelimit-unified-5h-utilization": "1.0",
    "anthropic-ratelimit-unified-overage-status": "rejected",
  };
};

/** Headers as the API sends them with an answer to a login: how much of its five hours is used. */
function usedHeaders(used: number, resetsAt: number): Record<string, string> {
  const reset = String(resetsAt / 1_000);
  const status = used >= 0.9 ? "allowed_warning" : "allowed";
  return {
    "anthropic-ratelimit-unified-status": status,
    "anthropic-ratelimit-unified-reset": reset,
    "anthropic-ratelimit-unified-representative-claim": "five_hour",
    "anthropic-ratelimit-unified-5h-status": status,
    "anthropic-ratelimit-unified-5h-reset": reset,
    "anthropic-ratelimit-unified-5h-utilization": String(used),
    ...(status === "allowed_warning" && { "anthropic-ratelimit-unified-5h-surpassed-threshold": "0.9" }),
  };
}

/**
 * Tokens of a request's whole body, system prompt and tools included, as the API counts. About four characters each: near
 * enough for a demo, and it grows with the conversation as it should.
 */
const countTokens = (body: string): number => Math.ceil(body.length / 4);

/** The tokens of a request as the API splits them: what it has cached, what it caches now, and the newest message. */
interface InputUsage {
  input_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
}

/** Everything before the newest message counts as cached once the model has answered in the conversation. */
function inputUsage(body: string, messages: readonly ModelMessage[]): InputUsage {
  const total = countTokens(body);
  const fresh = Math.min(total, countTokens(JSON.stringify(messages.at(-1) ?? "")));
  const isKnown = messages.some(({ role }) => role === "assistant");
  return {
    input_tokens: fresh,
    cache_creation_input_tokens: isKnown ? 0 : total - fresh,
    cache_read_input_tokens: isKnown ? total - fresh : 0,
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

const sendWhole = (response: ServerResponse, model: string, input: InputUsage, answer: DemoReply) =>
  sendJson(response, 200, {
    id: `msg_${randomUUID().replaceAll("-", "")}`,
    type: "message",
    role: "assistant",
    model,
    content: [{ type: "text", text: answer.kind === "text" ? answer.text : "Yes." }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { ...input, output_tokens: 1 },
  });

/**
 * Starts the model on a free loopback port, or on `port`. `spoken` is called when the last byte of a streamed answer has been
 * written; `texts` are said in the place of their names, so that a long answer needs no long prompt.
 */
export async function startDemoModel(
  options: { port?: number; spoken?(): void; texts?: ReadonlyMap<string, string> } = {},
): Promise<DemoModel> {
  let requests = 0;
  let failure: number | undefined;
  let limitResetsAt = 0;
  let limitHeaders: Record<string, string> = {};
  const lostResults = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (ms <= 0) return resolve();
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });

  async function stream(response: ServerResponse, model: string, input: InputUsage, answer: DemoReply) {
    const event = (type: string, data: Record<string, unknown> = {}) =>
      response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
    if (answer.kind === "text") await pause(answer.startAfterMs);
    response.writeHead(200, {
      ...limitHeaders,
      "content-type": "text/event-stream",
      "cache-control": "no-cache",
    });
    event("message_start", {
      message: {
        id: `msg_${randomUUID().replaceAll("-", "")}`,
        type: "message",
        role: "assistant",
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...input, output_tokens: 1 },
      },
    });
    const spoken =
      answer.kind === "tool"
        ? answer.say
        : answer.kind === "text" || answer.kind === "cut"
          ? answer.text
          : "";
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
    const paceMs = answer.kind === "text" ? answer.paceMs : 0;
    const pieces = spoken.match(paceMs > 0 ? /\S+\s*/g : /[\s\S]{1,4000}/g) ?? [];
    for (const piece of pieces) {
      event("content_block_delta", { index: 0, delta: { type: "text_delta", text: piece } });
      await pause(paceMs);
      if (response.destroyed) return;
    }
    if (answer.kind === "cut") {
      response.destroy();
      return;
    }
    event("content_block_stop", { index: 0 });
    const uses = answer.kind === "tool" ? [answer, ...(answer.more ?? [])] : [];
    for (const [before, { name, input }] of uses.entries()) {
      const index = before + 1;
      event("content_block_start", {
        index,
        content_block: { type: "tool_use", id: `toolu_${randomUUID().replaceAll("-", "")}`, name, input: {} },
      });
      event("content_block_delta", {
        index,
        delta: { type: "input_json_delta", partial_json: JSON.stringify(input) },
      });
      event("content_block_stop", { index });
    }
    event("message_delta", {
      delta: { stop_reason: answer.kind === "tool" ? "tool_use" : "end_turn", stop_sequence: null },
      usage: { output_tokens: Math.max(1, Math.ceil(spoken.length / 4)) },
    });
    event("message_stop");
    response.end();
    options.spoken?.();
  }

  async function answerMessages(request: IncomingMessage, response: ServerResponse) {
    const body = await readBody(request);
    const parsed = requestSchema.safeParse(JSON.parse(body));
    if (!parsed.success || !isSuggestionRequest(parsed.data.messages as unknown as ModelMessage[]))
      requests += 1;
    if (!parsed.success) return sendError(response, 400);
    if (failure !== undefined) return sendError(response, failure);
    if (Date.now() < limitResetsAt) return sendError(response, 429, usedUpHeaders(limitResetsAt));
    if (!parsed.data.model.startsWith("claude-")) return sendError(response, 404);
    const messages = parsed.data.messages as unknown as ModelMessage[];
    const unpaired = unpairedToolUse(messages, lostResults);
    if (unpaired !== undefined) return sendError(response, 400, {}, unpaired);
    const offered = offeredTools(parsed.data.tools ?? [], messages);
    const answer = reply(messages, JSON.stringify(parsed.data.system ?? ""), offered);
    if (answer.kind === "error") {
      const { status, retryAfterSeconds: pause } = answer;
      return sendError(response, status, pause === undefined ? {} : { "retry-after": String(pause) });
    }
    if (answer.kind === "silence") return;
    if (answer.kind === "text") answer.text = options.texts?.get(answer.text) ?? answer.text;
    // Without `stream` the CLI only probes whether it may use a model.
    const input = inputUsage(body, messages);
    if (!parsed.data.stream) return sendWhole(response, parsed.data.model, input, answer);
    await stream(response, parsed.data.model, input, answer);
  }

  const server = createServer((request, response) => {
    const path = (request.url ?? "/").split("?")[0];
    const work =
      request.method === "POST" && path === "/v1/messages"
        ? answerMessages(request, response)
        : request.method === "POST" && path === "/v1/messages/count_tokens"
          ? readBody(request).then((body) => sendJson(response, 200, { input_tokens: countTokens(body) }))
          : Promise.resolve(
              request.resume() &&
                sendJson(response, 404, {
                  type: "error",
                  error: { type: "not_found_error", message: "Not found." },
                }),
            );
    // A client that went away, or sent no JSON, is that client's affair; the model lives on.
    work.catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  let stopped: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requestCount: () => requests,
    failEverything: (status) => {
      failure = status;
    },
    useUpLimit: (resetsAt) => {
      limitResetsAt = resetsAt;
    },
    tellLimit: (used, resetsAt) => {
      limitHeaders = usedHeaders(used, resetsAt);
    },
    loseToolResult: (toolUseId) => {
      lostResults.add(toolUseId);
    },
    stop: () => {
      stopped ??= new Promise<void>((resolve) => {
        for (const timer of timers) clearTimeout(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return stopped;
    },
  };
}
