import type { Readable } from "node:stream";
import { Busboy, type BusboyFileStream } from "@fastify/busboy";
import { DaylongError } from "../../domain/errors.ts";

/** Bounds of what stands around the file: forms have a few fields, which mean nothing here. */
const limits = { files: 2, fields: 50, parts: 60, fieldSize: 65_536, headerPairs: 100, headerSize: 16_384 };
/** Largest envelope around a file; the announced length of the body holds it too. */
export const maxEnvelopeBytes = 1024 * 1024;

export interface MultipartFile {
  /** As its sender calls it; may be empty. */
  name: string;
  mimeType: string;
  /** Throws `invalid_request` at its end when the body broke off or held another file. */
  bytes: AsyncIterable<Uint8Array>;
}

export const isMultipart = (contentType: string | undefined): boolean =>
  /^\s*multipart\/form-data\s*(;|$)/i.test(contentType ?? "");

/**
 * Resolves to the one file of a `multipart/form-data` body (RFC 7578), as `curl -F` and browsers' forms send it, as soon as
 * it begins. Throws `invalid_request` when there is none, `body_too_large` when all of it has more than `maxBytes`.
 */
export function multipartFile(body: Readable, contentType: string, maxBytes: number): Promise<MultipartFile> {
  const parser = parserOf(contentType);
  let file: BusboyFileStream | undefined;
  let files = 0;
  const ended = new Promise<void>((resolve, reject) => {
    const fail = (error: unknown) => {
      body.unpipe(parser);
      reject(brokenOff(error));
      // It would wait for its end.
      file?.destroy(brokenOff(error));
    };
    parser.once("finish", resolve);
    parser.on("error", fail);
    body.once("error", fail);
    body.once("aborted", () => fail(new Error("The connection was lost.")));
    // A length that was not announced: what stands around the file, and what is ignored, may not go on without an end.
    let bytes = 0;
    body.on("data", ({ length }: Uint8Array) => {
      bytes += length;
      if (bytes > maxBytes) fail(new DaylongError("body_too_large", `A form may have ${maxBytes} bytes.`));
    });
  });
  // The reader of the file is told; there may be none yet.
  ended.catch(() => {});

  async function* bytesOf(stream: BusboyFileStream): AsyncGenerator<Uint8Array> {
    try {
      yield* stream as AsyncIterable<Uint8Array>;
      await ended;
    } finally {
      body.unpipe(parser);
    }
    if (files > 1) throw new DaylongError("invalid_request", "The form holds more than one file.");
  }

  return new Promise((resolve, reject) => {
    parser.on("file", (_field, stream, name, _encoding, mimeType) => {
      files += 1;
      stream.on("error", () => {});
      if (files > 1) {
        stream.resume();
        return;
      }
      file = stream;
      resolve({ name: name ?? "", mimeType, bytes: bytesOf(stream) });
    });
    ended.then(
      () => reject(new DaylongError("invalid_request", "The form holds no file.")),
      (error: unknown) => reject(error),
    );
    body.pipe(parser);
  });
}

function parserOf(contentType: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: { "content-type": contentType }, limits });
  } catch (cause) {
    throw new DaylongError("invalid_request", "The form's boundary is missing in its Content-Type.", {
      cause,
    });
  }
}

const brokenOff = (cause: unknown): DaylongError =>
  cause instanceof DaylongError
    ? cause
    : new DaylongError(
        "invalid_request",
        "The form cannot be read: it broke off, or is no multipart/form-data.",
        {
          cause,
        },
      );
