import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Request, Response } from "express";
import type { DurableGate } from "../../delivery/durableGate.ts";
import type { Clock } from "../../domain/ports.ts";
import { compressorFor, sendBody } from "./compression.ts";
import type { Answer } from "./route.ts";

/** A client that takes nothing for so long, while there is something for it, is disconnected. */
const stuckMs = 30_000;
const keepAliveMs = 30_000;

export interface AnswerParts {
  clock: Clock;
  /** Holds the answer back until the commits that it may tell of are durable. */
  gate: DurableGate;
}

/** Sends the answer of a route. A client that is gone gets nothing, and that is no error. */
export async function sendAnswer(
  response: Response,
  answer: Answer,
  { clock, gate }: AnswerParts,
): Promise<void> {
  await gate.durable();
  switch (answer.kind) {
    case "json":
      if (isOver(response)) return;
      setHeaders(response, answer.headers);
      response.status(answer.status).type("json");
      await sendBody(response, JSON.stringify(answer.body));
      return;
    case "page":
      if (isOver(response)) return;
      setHeaders(response, answer.headers);
      response.status(200).type("html");
      await sendBody(response, answer.html);
      return;
    case "content":
      if (isOver(response)) return;
      setHeaders(response, answer.headers);
      response.status(200).type(answer.mediaType);
      await sendBody(response, answer.content);
      return;
    case "lines": {
      if (isOver(response)) return;
      response.status(200).type("application/x-ndjson");
      const compressor = answer.isLive ? undefined : compressorFor(response);
      // Of a stream that waits for its first line the reader knows at least that it has begun.
      response.flushHeaders();
      // After so long without a packet from the client, the operating system probes the connection.
      response.socket?.setKeepAlive(true, keepAliveMs);
      await sendLines(response, answer.lines, { gate, compressor });
      return;
    }
    case "sse":
      try {
        if (isOver(response)) return;
        setHeaders(response, answer.headers);
        await sendFrames(response, answer.frames, clock);
      } finally {
        answer.close();
      }
      return;
  }
}

/**
 * Sends an interim answer. Node writes none but 100, 102 and 103; it gives a response its socket when the ones before it on
 * the connection are out, and nothing of this one is out before its headers.
 */
export function sendInterim(
  request: Request,
  response: Response,
  status: string,
  headers: Readonly<Record<string, string>>,
): void {
  if (request.httpVersion !== "1.1" || response.headersSent || response.socket === null) return;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  response.socket.write(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`, "latin1");
}

const isOver = (response: Response): boolean => response.destroyed || response.writableEnded;

function setHeaders(response: Response, headers: Record<string, string> = {}): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/** Asks for the next frame only when the client has taken the last ones (WHATWG HTML, "Server-sent events"). */
async function sendFrames(response: Response, frames: AsyncIterable<string>, clock: Clock): Promise<void> {
  response.status(200).type("text/event-stream");
  // nginx would buffer the deltas until it has a page of them.
  response.setHeader("X-Accel-Buffering", "no");
  response.flushHeaders();
  for await (const frame of frames) {
    if (isOver(response)) return;
    if (!response.write(frame)) await drained(response, clock);
  }
  if (!isOver(response)) response.end();
}

/** Resolves when the client has taken the frames, or is gone; a client that is stuck is disconnected. */
function drained(response: Response, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      cancel();
      response.off("drain", finish);
      response.off("close", finish);
      resolve();
    };
    const cancel = clock.after(stuckMs, () => response.destroy());
    response.once("drain", finish);
    response.once("close", finish);
    if (response.destroyed) finish();
  });
}

async function sendLines(
  response: Response,
  lines: Iterable<unknown> | AsyncIterable<unknown>,
  { gate, compressor }: { gate: DurableGate; compressor: Transform | undefined },
): Promise<void> {
  if (response.req.method === "HEAD") {
    response.end();
    return;
  }
  try {
    const text = Readable.from(encodeLines(lines, gate));
    await (compressor ? pipeline(text, compressor, response) : pipeline(text, response));
  } catch (error) {
    // The client disconnected: the lines that it read so far were right.
    if (
      typeof error === "object" &&
      error !== null &&
      "code" in error &&
      error.code === "ERR_STREAM_PREMATURE_CLOSE"
    )
      return;
    throw error;
  }
}

/** Asks for the next line only when the reader has taken the last ones. */
async function* encodeLines(
  lines: Iterable<unknown> | AsyncIterable<unknown>,
  gate: DurableGate,
): AsyncGenerator<string> {
  for await (const line of lines) {
    await gate.durable();
    yield `${JSON.stringify(line)}\n`;
  }
  // The end of the lines tells of a commit, too: the session is closed.
  await gate.durable();
}
