import { z } from "zod";
import type { Devices } from "../../../access/devices.ts";
import type { Caller } from "../../../domain/delivery/device.ts";
import type { LoggedEvent } from "../../../domain/delivery/event.ts";
import { DaylongError } from "../../../domain/errors.ts";
import type { Store } from "../../../domain/ports.ts";
import { idSchema } from "../../../wire/ids.ts";
import { outputLineSchema } from "../../../wire/sessions/messages.ts";
import { outputQuerySchema } from "../../../wire/sessions/output.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { linesResponse } from "../../framework/responseSchemas.ts";
import { defineRoute, type Route } from "../../framework/route.ts";
import { transcriptLineOf } from "./transcriptLine.ts";

/** Events read at a time: a reader that is slow, or gone, has kept us no more than this. */
const outputPage = 200;
const outputPageChars = 1024 * 1024;

/** Streams that one device may follow at once: each is woken by every commit of its session. */
const mostFollowed = 20;

/** The route of a session's output, as JSON lines. */
export function outputRoutes({ store, pool, access }: HttpDependencies): Route[] {
  const followed = new Map<string, number>();

  /** Counts a stream of the device while it lasts. */
  async function* counted(deviceId: string, lines: AsyncGenerator<unknown>): AsyncGenerator<unknown> {
    followed.set(deviceId, (followed.get(deviceId) ?? 0) + 1);
    try {
      yield* lines;
    } finally {
      const left = (followed.get(deviceId) ?? 1) - 1;
      if (left > 0) followed.set(deviceId, left);
      else followed.delete(deviceId);
    }
  }

  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/output",
      scope: "read",
      summary:
        "What was said, the oldest first, as JSON lines; with follow=true also what is said from now on, until the session ends.",
      params: z.object({ id: idSchema }),
      query: outputQuerySchema,
      refusals: errorSets.session,
      response: { 200: linesResponse(outputLineSchema) },
      handle({ params, query, caller, gone }) {
        const { lastSeq } = pool.session(params.id);
        if (!query.follow) return { kind: "lines", lines: keptLines(store, params.id, lastSeq) };
        const { deviceId } = caller;
        if ((followed.get(deviceId) ?? 0) >= mostFollowed) {
          throw new DaylongError("rate_limited", `This device follows ${mostFollowed} outputs already.`, {
            retryAfterMs: 5_000,
          });
        }
        const lines = followedLines({ store, access, caller, gone }, params.id);
        return { kind: "lines", lines: counted(deviceId, lines), isLive: true };
      },
    }),
  ];
}

function* linesOf(events: readonly LoggedEvent[]) {
  for (const event of events) {
    const spoken = transcriptLineOf(event);
    if (spoken === undefined) continue;
    const { role, text: content, partial } = spoken;
    yield { role, content, timestamp: new Date(event.at).toISOString(), partial };
  }
}

/** Ends with the page of `lastSeq`, the last event when the request came: a busy session must not make it endless. */
function* keptLines(store: Store, sessionId: string, lastSeq: number): Generator<unknown> {
  let seq = 0;
  while (seq < lastSeq) {
    const events = store.events.ofSession(sessionId, seq, outputPage, outputPageChars);
    const last = events.at(-1);
    if (last === undefined) return;
    yield* linesOf(events);
    seq = last.seq ?? lastSeq;
  }
}

/**
 * Everything from the first word on, and what comes. It is read from the log whenever the reader has taken what it got, so
 * that nothing piles up for a slow one. Ends with the session (closed or expired), the reader, its device or the server.
 */
async function* followedLines(
  parts: { store: Store; access: Devices; caller: Caller; gone: AbortSignal },
  sessionId: string,
): AsyncGenerator<unknown> {
  const { store, access, caller, gone } = parts;
  let wake = () => {};
  let isOver = gone.aborted;
  const end = () => {
    isOver = true;
    wake();
  };
  gone.addEventListener("abort", end);
  const subscriptions = [
    store.events.subscribe((events) => events.some((event) => event.sessionId === sessionId) && wake()),
    access.onRevoked((deviceId) => deviceId === caller.deviceId && end()),
  ];
  try {
    let seq = 0;
    while (!isOver) {
      const isEnded = hasEnded(store, sessionId);
      const events = store.events.ofSession(sessionId, seq, outputPage, outputPageChars);
      yield* linesOf(events);
      seq = events.at(-1)?.seq ?? seq;
      if (events.length > 0) continue;
      if (isEnded) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        // Something may have been said, or everything may be over, while the reader took the last lines.
        if (isOver || (store.sessions.get(sessionId)?.lastSeq ?? 0) > seq) resolve();
      });
    }
  } finally {
    gone.removeEventListener("abort", end);
    for (const unsubscribe of subscriptions) unsubscribe();
  }
}

function hasEnded(store: Store, sessionId: string): boolean {
  const state = store.sessions.get(sessionId)?.state;
  return state === undefined || state === "closed" || state === "expired";
}
