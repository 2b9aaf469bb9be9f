import { DurableGate } from "../../delivery/durableGate.ts";
import { withDeadline } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import { isTerminal, type Reply, type Turn } from "../../domain/sessions/turn.ts";
import type { FollowedTurn } from "../../pool/port.ts";
import {
  type CompletionRequest,
  completionSchema,
  ignoredParameters,
  unsupportedParameters,
} from "../../wire/openai/completionRequest.ts";
import { chatCompletionSchema, completionFrameSchema } from "../../wire/openai/completionResponse.ts";
import { chosenIdSchema } from "../../wire/text.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { waitWhilePaired } from "../framework/authorise.ts";
import { errorSets } from "../framework/errorSets.ts";
import { invalidRequest, openAiErrorOf } from "../framework/problem.ts";
import { type Answer, defineRoute, json, type Route } from "../framework/route.ts";
import { CompletionReaders } from "./completionReaders.ts";
import { chunkOf, completionOf, headOf, usageChunkOf, withUsageOf } from "./responseShapes.ts";
import { type StartedCompletion, startCompletion } from "./startCompletion.ts";
import { TurnStream } from "./turnStream.ts";

/** Room for a long list of messages and 5 MB of images in base64. */
const maxCompletionBytes = 8 * 1024 * 1024;
/** A stream that has nothing to say begins after this long all the same, so that its client sees that it is heard. */
const firstSignMs = 5_000;
/** Pause after which a stream shows that it lives, below the idle limits of common proxies. */
const lifeSignMs = 15_000;
/** Longest wait for the tasks of a turn that has ended, as that of Prefer: wait (docs/api.md). */
const tasksWaitMs = 300_000;
/** Looks at a turn again after this long at the latest; its end wakes the reader anyway. */
const longWaitMs = 3_600_000;

/** Whether the value asks for nothing but what happens anyway. */
function isHarmless(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "none")
    return true;
  if (Array.isArray(value)) return value.length === 0;
  return (
    typeof value === "object" && ("type" in value ? value.type === "text" : Object.keys(value).length === 0)
  );
}

function refuseUnsupported(body: CompletionRequest): void {
  const name = (body.n ?? 1) > 1 ? "n" : unsupportedParameters.find((one) => !isHarmless(body[one]));
  if (name === undefined) return;
  throw new DaylongError(
    "unsupported_parameter",
    name === "n"
      ? "n must be 1: a conversation has one next message."
      : `${name} is not supported: Claude answers in text, and runs its own tools.`,
    { faults: [{ path: name, message: "is not supported" }] },
  );
}

const ignoredIn = (body: CompletionRequest): string[] =>
  ignoredParameters.filter((name) => body[name] !== undefined && body[name] !== null);

function keyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = chosenIdSchema.min(1).max(200).safeParse(header);
  if (key.success) return key.data;
  throw invalidRequest([{ path: "Idempotency-Key", message: "must have 1 to 200 characters" }]);
}

/** Node reads headers as Latin-1; paths come as UTF-8. */
function pathOf(header: string | undefined): string | undefined {
  const path = header === undefined ? undefined : Buffer.from(header, "latin1").toString("utf8");
  return path?.includes("\uFFFD") ? header : path;
}

/** A request whose turn is begun. */
interface Call {
  body: CompletionRequest;
  begun: StartedCompletion;
  caller: Caller;
  gone: AbortSignal;
  headers: Record<string, string>;
}

/** Chat completions: each is a turn of the pool. */
export function completionRoutes(parts: HttpDependencies): Route[] {
  const { store, pool, access, clock, log, stopping, listen } = parts;
  const gate = new DurableGate(store);
  const readers = new CompletionReaders({ store, pool, log, stopping });
  return [
    defineRoute({
      method: "POST",
      path: "/v1/chat/completions",
      scope: "chat",
      summary: "A completion in OpenAI's shape; with stream, as server-sent events.",
      body: completionSchema,
      headers: {
        "Idempotency-Key": "Repeated with it, the request finds its first turn again.",
        "X-Project-Path": "The project of a new conversation, unless the body says it.",
      },
      refusals: [
        ...errorSets.project,
        ...errorSets.openSession,
        ...errorSets.message,
        ...errorSets.failedTurn,
        "unsupported_parameter",
        "conversation_not_found",
      ],
      response: {
        200: [chatCompletionSchema, { mediaType: "text/event-stream", schema: completionFrameSchema }],
      },
      maxBodyBytes: maxCompletionBytes,
      async handle({ body, caller, header, gone }) {
        refuseUnsupported(body);
        const key = keyOf(header("idempotency-key"));
        const projectPath = body.project_path ?? pathOf(header("x-project-path"));
        const begun = await startCompletion(parts, { body, caller, key, projectPath });
        const ignored = ignoredIn(body);
        const headers: Record<string, string> =
          ignored.length > 0 ? { "X-Daylong-Ignored": ignored.join(", ") } : {};
        const call = { body, begun, caller, gone, headers };
        return body.stream ? stream(call) : whole(call);
      },
    }),
  ];

  /** Follows the turn's tasks when the request is to wait for them. */
  function follow({ wait_tasks }: CompletionRequest, { sessionId, turnId }: StartedCompletion) {
    return wait_tasks === true ? pool.followTasks(sessionId, turnId) : undefined;
  }

  async function whole({ begun, body, caller, gone, headers }: Call): Promise<Answer> {
    const leave = readers.enter(begun, caller);
    const followed = follow(body, begun);
    try {
      const turn = await waitWhilePaired({ access, caller, gone }, async (over) => {
        for (;;) {
          const seen = await pool.waitForTurn(begun.turnId, longWaitMs, over);
          if (isTerminal(seen.state) || over.aborted) return seen;
        }
      });
      if (turn.reply === undefined) return failure(turn, headers);
      const reading = new TurnStream({ store, gate, clock, ...begun });
      const head = headOf(turn, body.model, begun.conversationId);
      const own = await waitWhilePaired({ access, caller, gone }, async (over) =>
        repliesOf(await followed?.ownTurns(tasksWaitMs, over)),
      );
      const text = [reading.take(), ...own.map((reply) => reply.text)].filter(Boolean).join("\n\n");
      return json(completionOf(head, text, withUsageOf(turn.reply, own)), 200, headers);
    } finally {
      followed?.close();
      leave();
    }
  }

  async function stream(call: Call): Promise<Answer> {
    const { begun, caller, gone, headers } = call;
    const reading = new TurnStream({ store, gate, clock, listen, ...begun });
    const leave = readers.enter(begun, caller);
    const followed = follow(call.body, begun);
    const close = () => {
      reading.close();
      followed?.close();
      leave();
    };
    const change = (waitMs: number) =>
      waitWhilePaired({ access, caller, gone }, (over) => reading.change(waitMs, over));
    try {
      await change(firstSignMs);
    } catch (error) {
      close();
      throw error;
    }
    // Nothing was said yet: what went wrong can be told as any error is.
    if (reading.ended && reading.ended.reply === undefined && !reading.hasText) {
      close();
      return failure(reading.ended, headers);
    }
    return { kind: "sse", frames: framesOf(call, reading, change, followed), close, headers };
  }

  async function* framesOf(
    { body, begun, caller, gone }: Call,
    reading: TurnStream,
    change: (waitMs: number) => Promise<void>,
    followed: FollowedTurn | undefined,
  ): AsyncGenerator<string> {
    const withUsage = body.stream_options?.include_usage === true;
    const turn = store.turns.get(begun.turnId);
    if (turn === undefined) return;
    const head = headOf(turn, body.model, begun.conversationId);
    yield frameOf(chunkOf(head, withUsage, { role: "assistant", content: "" }));
    for (;;) {
      if (reading.hasText) yield frameOf(chunkOf(head, withUsage, { content: reading.take() }));
      else if (reading.ended || gone.aborted) break;
      else {
        await change(lifeSignMs);
        if (!reading.hasText && !reading.ended) yield lifeSign;
      }
    }
    if (reading.ended === undefined) return;
    const { reply } = reading.ended;
    if (reply === undefined) {
      yield frameOf(openAiErrorOf(errorOf(reading.ended)));
      return;
    }
    let own: Reply[] | undefined;
    const ended =
      followed &&
      waitWhilePaired({ access, caller, gone }, async (over) => {
        own = repliesOf(await followed.ownTurns(tasksWaitMs, over));
      });
    // It is waited for below, in pieces.
    ended?.catch(() => undefined);
    while (ended !== undefined && own === undefined) {
      await withDeadline(clock, lifeSignMs, ended, () => undefined);
      if (own === undefined) yield lifeSign;
    }
    for (const { text } of own ?? []) {
      if (text !== "") yield frameOf(chunkOf(head, withUsage, { content: `\n\n${text}` }));
    }
    yield frameOf(chunkOf(head, withUsage, {}, "stop"));
    if (withUsage) yield frameOf(usageChunkOf(head, withUsageOf(reply, own ?? [])));
    yield "data: [DONE]\n\n";
  }
}

/** A comment, which readers of server-sent events skip. */
const lifeSign = ": Claude is at work\n\n";
const frameOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

const repliesOf = (turns: readonly Turn[] = []): Reply[] =>
  turns.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));

/** Why a turn ended without a reply. */
const errorOf = (turn: Turn): DaylongError =>
  turn.error
    ? new DaylongError(turn.error.code, turn.error.detail)
    : new DaylongError("interrupted", "The turn was cancelled before it ran.");

/**
 * The message was kept and its turn ended without a reply: a client that repeated the request by itself would have it run
 * a second time (OpenAI's own clients do with most statuses, unless they are told).
 */
function failure(turn: Turn, headers: Record<string, string>): Answer {
  const error = errorOf(turn);
  return json(openAiErrorOf(error), error.status, { ...headers, "X-Should-Retry": "false" });
}
