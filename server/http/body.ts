import express, { type Request, type RequestHandler, type Response } from "express";
import { DaylongError } from "../domain/errors.ts";

/** What a client may still send after its request was refused, before its connection is cut. */
const maxDiscardedBytes = 16 * 1024 * 1024;

/** Reads JSON bodies, each route's up to its own limit. */
export class JsonBodies {
  readonly #parsers = new Map<number, RequestHandler>();

  /**
   * The parsed body, or `undefined` when there is none. Throws `unsupported_media_type`, `malformed_json` or
   * `body_too_large`; a body whose announced length is too large is not read at all.
   */
  async read(request: Request, response: Response, maxBytes: number): Promise<unknown> {
    if (!hasBody(request)) return undefined;
    if (!request.is("application/json")) {
      throw new DaylongError("unsupported_media_type", "The body must be sent as application/json.");
    }
    await runMiddleware(this.#parserFor(maxBytes), request, response);
    return request.body;
  }

  #parserFor(maxBytes: number): RequestHandler {
    let parser = this.#parsers.get(maxBytes);
    if (parser === undefined) {
      // No inflation: a few kilobytes would unpack to gigabytes of work. `strict` off: zod says what is wrong with a
      // body that is JSON but no object.
      parser = express.json({ limit: maxBytes, inflate: false, strict: false, type: "application/json" });
      this.#parsers.set(maxBytes, parser);
    }
    return parser;
  }
}

/** Whether the request announces a body (RFC 9112, 6.3). */
const hasBody = (request: Request): boolean =>
  request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;

/** Runs one middleware; rejects with what it passes on. */
export const runMiddleware = (
  middleware: RequestHandler,
  request: Request,
  response: Response,
): Promise<void> =>
  new Promise((resolve, reject) => {
    Promise.resolve(
      middleware(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error);
      }),
    ).catch(reject);
  });

/**
 * Throws away what is left of a refused request's body, so that the client gets to read the answer: a connection
 * closed with unread bytes is reset, and the reset overtakes the answer (RFC 9112, 9.6). Bounded, unlike the client.
 */
export function discardBody(request: Request): void {
  if (request.complete || request.destroyed) return;
  let discardedBytes = 0;
  request.unpipe();
  request.on("data", (chunk: Buffer) => {
    discardedBytes += chunk.length;
    if (discardedBytes > maxDiscardedBytes) request.destroy();
  });
  request.resume();
}
