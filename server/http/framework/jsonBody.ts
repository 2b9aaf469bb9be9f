import express, { type Request, type RequestHandler, type Response } from "express";
import { DaylongError } from "../../domain/errors.ts";
import { hasTooManyParts } from "../../wire/jsonParts.ts";

/** Reader of JSON bodies, each route's up to its own limit. */
export class JsonBodies {
  readonly #parsers = new Map<number, RequestHandler>();

  /**
   * The parsed body, or `undefined` when there is none. Throws `unsupported_media_type`, `malformed_json` or
   * `body_too_large`; a body whose announced length is too large is not read at all. Node throws the rest of a
   * refused body away unread while it arrives, so that the answer is not overtaken by a reset (RFC 9112, 9.6), for as
   * long as `BodyDeadlines` allows.
   */
  async read(request: Request, response: Response, maxBytes: number): Promise<unknown> {
    if (!hasBody(request)) return undefined;
    if (!request.is("application/json")) {
      throw new DaylongError("unsupported_media_type", "The body must be sent as application/json.");
    }
    // The parser would decode other encodings too, such as UTF-7, in which `+ADw-` is `<`.
    if (!isUtf8(request.headers["content-type"]))
      throw new DaylongError("unsupported_media_type", "The body must be UTF-8.");
    request.headers["content-type"] = "application/json";
    await runMiddleware(this.#parserFor(maxBytes), request, response);
    return request.body;
  }

  #parserFor(maxBytes: number): RequestHandler {
    let parser = this.#parsers.get(maxBytes);
    if (parser === undefined) {
      // No inflation: a few kilobytes would unpack to gigabytes of work. `strict` off: zod says what is wrong with a
      // body that is JSON but no object.
      const verify = (_request: unknown, _response: unknown, body: Buffer) => refuseManyParts(body);
      parser = express.json({
        limit: maxBytes,
        inflate: false,
        strict: false,
        type: "application/json",
        verify,
      });
      this.#parsers.set(maxBytes, parser);
    }
    return parser;
  }
}

/** Whether a Content-Type names UTF-8, in any of its spellings, or no encoding (RFC 8259, 8.1: JSON is UTF-8). */
const isUtf8 = (contentType = ""): boolean => {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
};

/** Thrown to body-parser, which hands it on with its `type`. */
function refuseManyParts(body: Buffer): void {
  if (hasTooManyParts(body))
    throw Object.assign(new Error("Too many parts."), { type: "parameters.too.many" });
}

/** Whether the request announces a body (RFC 9112, 6.3). */
const hasBody = (request: Request): boolean =>
  request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;

/** Runs one middleware; rejects with what it passes on. */
const runMiddleware = (middleware: RequestHandler, request: Request, response: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    Promise.resolve(
      middleware(request, response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(error);
      }),
    ).catch(reject);
  });
