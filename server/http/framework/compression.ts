import type { Transform } from "node:stream";
import { promisify } from "node:util";
import { createGzip, gzip } from "node:zlib";
import type { Response } from "express";

/** A smaller answer fits into one packet as it is. Tokens, which no answer shall show in its length, are in such ones only. */
export const minCompressedBytes = 1_024;

const compressible = /^(?:text\/|application\/(?:json|javascript|yaml|[\w.-]+\+json|x-ndjson))/;
const gzipOf = promisify(gzip);

/** Sends a body whose type and status are set: compressed (RFC 9110, 8.4) when that saves something and the client takes it. */
export async function sendBody(response: Response, body: string | Buffer): Promise<void> {
  const type = String(response.getHeader("Content-Type"));
  // As express does for texts; the bytes that are sent in their place tell it nothing.
  if (typeof body === "string" && !type.includes("charset"))
    response.setHeader("Content-Type", `${type}; charset=utf-8`);
  const isLong = Buffer.byteLength(body) >= minCompressedBytes;
  if (!isLong || !canCompress(response)) {
    response.send(body);
    return;
  }
  const compressed = await gzipOf(body);
  if (response.destroyed || response.writableEnded) return;
  response.setHeader("Content-Encoding", "gzip");
  response.send(compressed);
}

/** What a long body is to be piped through; its header is set. `undefined`: the client does not take it compressed. */
export function compressorFor(response: Response): Transform | undefined {
  if (!canCompress(response)) return undefined;
  response.setHeader("Content-Encoding", "gzip");
  return createGzip();
}

function canCompress(response: Response): boolean {
  const type = String(response.getHeader("Content-Type") ?? "");
  if (!compressible.test(type) || response.hasHeader("Content-Encoding")) return false;
  response.vary("Accept-Encoding");
  return response.req.acceptsEncodings("gzip") === "gzip";
}
