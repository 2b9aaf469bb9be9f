import type { ServerHttp2Stream } from "node:http2";

/** One answer in place of Apple's own. A `delayMs` alone answers by the rules, only later. */
export interface ScriptedReply {
  status?: number;
  reason?: string;
  /** Of a 410, ms since the epoch. */
  timestamp?: number;
  /** The Retry-After header: seconds, or an HTTP date. */
  retryAfter?: number | string;
  delayMs?: number;
}
/**
 * `goaway`: a graceful GOAWAY whose lastStreamID leaves this request and later ones out; earlier ones are still answered.
 * `goaway-answered`: a GOAWAY that includes this request, which is answered 50 ms later. `refuse`: RST_STREAM with
 * REFUSED_STREAM. `reset`: the connection breaks. `silence`: this request is never answered.
 */
export type ScriptedAnswer = ScriptedReply | "goaway" | "goaway-answered" | "refuse" | "reset" | "silence";

/** A request as it arrived. */
export interface RecordedRequest {
  /** Instant of the stand-in's clock. */
  at: number;
  headers: Record<string, string>;
  /** The decoded JSON, or the raw text when it is none. */
  payload: unknown;
  payloadBytes: number;
  token: string;
  apnsId: string;
  /** Number of the connection it came over, from 1. */
  connection: number;
  /** Apple's reason for a fault found by the rules, even where a script answered otherwise. */
  fault?: string;
  /** What was answered; absent when nothing was. */
  status?: number;
}

/** Answers as Apple does: the id always, the reason as JSON. Does nothing on a stream that has ended. */
export function respond(stream: ServerHttp2Stream, request: RecordedRequest, reply: ScriptedReply): void {
  if (stream.destroyed || stream.closed) return;
  const status = reply.status ?? 200;
  request.status = status;
  const retryAfter = reply.retryAfter === undefined ? {} : { "retry-after": String(reply.retryAfter) };
  const headers = { ":status": status, "apns-id": request.apnsId, ...retryAfter };
  if (status === 200) {
    stream.respond(headers, { endStream: true });
    return;
  }
  stream.respond({ ...headers, "content-type": "application/json" });
  stream.end(
    reply.reason === undefined ? "" : JSON.stringify({ reason: reply.reason, timestamp: reply.timestamp }),
  );
}
