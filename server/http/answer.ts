import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import type { Answer } from "./route.ts";

/** Sends what a route answered. A client that is gone gets nothing, and that is no error. */
export async function sendAnswer(response: Response, answer: Answer): Promise<void> {
  if (response.destroyed || response.writableEnded) return;
  switch (answer.kind) {
    case "json":
      for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
      response.status(answer.status).json(answer.body);
      return;
    case "page":
      response.status(200).type("html").send(answer.html);
      return;
    case "lines":
      response.status(200).type("application/x-ndjson");
      await sendLines(response, answer.lines);
      return;
  }
}

async function sendLines(response: Response, lines: Iterable<unknown>): Promise<void> {
  if (response.req.method === "HEAD") {
    response.end();
    return;
  }
  try {
    await pipeline(Readable.from(encodeLines(lines)), response);
  } catch (error) {
    // The reader hung up: whatever was read so far was right.
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

function* encodeLines(lines: Iterable<unknown>): Generator<string> {
  for (const line of lines) yield `${JSON.stringify(line)}\n`;
}
