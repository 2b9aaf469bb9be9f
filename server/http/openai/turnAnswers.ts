import { DurableGate } from "../../delivery/durableGate.ts";
import { withDeadline } from "../../domain/deadline.ts";
import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import { isTerminal, type Reply, type Turn } from "../../domain/sessions/turn.ts";
import type { FollowedTurn } from "../../pool/port.ts";
import type { HttpDependencies } from "../dependencies.ts";
import { waitWhilePaired } from "../framework/authorise.ts";
import { openAiErrorOf } from "../framework/problem.ts";
import { type Answer, json } from "../framework/route.ts";
import { CompletionReaders } from "./completionReaders.ts";
import { withUsageOf } from "./responseShapes.ts";
import type { StartedCompletion } from "./startCompletion.ts";
import { TurnStream } from "./turnStream.ts";

/** A stream that has nothing to say begins after this long all the same, so that its client sees that it is heard. */
const firstSignMs = 5_000;
/** Pause after which a stream shows that it lives, below the idle limits of common proxies. */
const lifeSignMs = 15_000;
/** Longest wait for the tasks of a turn that has ended, as that of Prefer: wait (docs/api.md). */
const tasksWaitMs = 300_000;
/** Looks at a turn again after this long at the latest; its end wakes the reader anyway. */
const longWaitMs = 3_600_000;

/** The form of one of OpenAI's interfaces, for the answer to one turn. */
export interface AnswerForm {
  /** The body of a whole answer; `reply` has the tokens of all of it. */
  whole(text: string, reply: Reply): unknown;
  /** The first frames of a stream, before any text. */
  opening(): string[];
  /** The frames of some more text. */
  more(text: string): string[];
  /** The last frames. */
  closing(reply: Reply): string[];
  /** The last frames of a turn that ended without a reply after some text. */
  broken(error: DaylongError): string[];
}

/** A request whose turn is begun. */
export interface TurnCall {
  begun: StartedCompletion;
  caller: Caller;
  gone: AbortSignal;
  headers: Record<string, string>;
  isStream: boolean;
  /** It is to be answered when no task runs that the turn began. */
  waitsForTasks: boolean;
  formOf(turn: Turn): AnswerForm;
}

/** Answers to the turns that requests of OpenAI's interfaces begin: as a whole, or as a stream of server-sent events. */
export class TurnAnswers {
  readonly #parts: HttpDependencies;
  readonly #gate: DurableGate;
  readonly #readers: CompletionReaders;

  constructor(parts: HttpDependencies) {
    this.#parts = parts;
    this.#gate = new DurableGate(parts.store);
    this.#readers = new CompletionReaders(parts);
  }

  /** Reads the turn to its end, or begins to. A client that goes away is a reader less. */
  answer(call: TurnCall): Promise<Answer> {
    return call.isStream ? this.#stream(call) : this.#whole(call);
  }

  /** The finished texts of a turn, joined. */
  textOf({ sessionId, turnId }: Turn): string {
    const { store, clock } = this.#parts;
    const reading = new TurnStream({ store, gate: this.#gate, clock, sessionId, turnId });
    reading.close();
    return reading.take();
  }

  #follow({ waitsForTasks, begun }: TurnCall): FollowedTurn | undefined {
    return waitsForTasks ? this.#parts.pool.followTasks(begun.sessionId, begun.turnId) : undefined;
  }

  async #whole(call: TurnCall): Promise<Answer> {
    const { pool, access } = this.#parts;
    const { begun, caller, gone, headers } = call;
    const leave = this.#readers.enter(begun, caller);
    const followed = this.#follow(call);
    try {
      const turn = await waitWhilePaired({ access, caller, gone }, async (over) => {
        for (;;) {
          const seen = await pool.waitForTurn(begun.turnId, longWaitMs, over);
          if (isTerminal(seen.state) || over.aborted) return seen;
        }
      });
      if (turn.reply === undefined) return failure(turn, headers);
      const own = await waitWhilePaired({ access, caller, gone }, async (over) =>
        repliesOf(await followed?.ownTurns(tasksWaitMs, over)),
      );
      const text = [this.textOf(turn), ...own.map((reply) => reply.text)].filter(Boolean).join("\n\n");
      return json(call.formOf(turn).whole(text, withUsageOf(turn.reply, own)), 200, headers);
    } finally {
      followed?.close();
      leave();
    }
  }

  async #stream(call: TurnCall): Promise<Answer> {
    const { store, access, clock, listen } = this.#parts;
    const { begun, caller, gone, headers } = call;
    const reading = new TurnStream({ store, gate: this.#gate, clock, listen, ...begun });
    const leave = this.#readers.enter(begun, caller);
    const followed = this.#follow(call);
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
    return { kind: "sse", frames: this.#frames(call, reading, change, followed), close, headers };
  }

  async *#frames(
    { begun, caller, gone, formOf }: TurnCall,
    reading: TurnStream,
    change: (waitMs: number) => Promise<void>,
    followed: FollowedTurn | undefined,
  ): AsyncGenerator<string> {
    const { store, access, clock } = this.#parts;
    const turn = store.turns.get(begun.turnId);
    if (turn === undefined) return;
    const form = formOf(turn);
    yield* form.opening();
    for (;;) {
      if (reading.hasText) yield* form.more(reading.take());
      else if (reading.ended || gone.aborted) break;
      else {
        await change(lifeSignMs);
        if (!reading.hasText && !reading.ended) yield lifeSign;
      }
    }
    if (reading.ended === undefined) return;
    const { reply } = reading.ended;
    if (reply === undefined) {
      yield* form.broken(errorOf(reading.ended));
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
      if (text !== "") yield* form.more(`\n\n${text}`);
    }
    yield* form.closing(withUsageOf(reply, own ?? []));
  }
}

/** A comment, which readers of server-sent events skip. */
const lifeSign = ": Claude is at work\n\n";

const repliesOf = (turns: readonly Turn[] = []): Reply[] =>
  turns.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));

/** Why a turn ended without a reply. */
export const errorOf = (turn: Turn): DaylongError =>
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
