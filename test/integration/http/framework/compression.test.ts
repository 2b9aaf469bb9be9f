import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { minCompressedBytes } from "../../../../server/http/framework/compression.ts";
import { prose } from "../../../support/prose.ts";
import { useRig } from "../rig.ts";

const rig = useRig();

interface Read {
  headers: IncomingHttpHeaders;
  /** As they came. */
  bytes: Buffer;
  text: string;
  /** With the head. */
  wireBytes: number;
}

const ask = (path: string, encoding: string | undefined, method = "GET") => {
  const headers: Record<string, string> = { authorization: `Bearer ${rig.adminToken}` };
  if (encoding !== undefined) headers["accept-encoding"] = encoding;
  return request({ host: "127.0.0.1", port: rig.port, path, method, headers, agent: false });
};
async function read(path: string, encoding: string | undefined, method = "GET"): Promise<Read> {
  const asked = ask(path, encoding, method).end();
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const { socket, headers } = response;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.statusCode).toBe(200);
  const bytes = Buffer.concat(chunks);
  const decoders: Record<string, (one: Buffer) => Buffer> = { gzip: gunzipSync, br: brotliDecompressSync };
  const decode = decoders[headers["content-encoding"] ?? ""] ?? ((one: Buffer) => one);
  return {
    headers,
    bytes,
    text: bytes.length > 0 ? decode(bytes).toString() : "",
    wireBytes: socket.bytesRead,
  };
}

/** A session in which so many texts were said; and how many bytes they are. */
async function said(count: number, chars: number): Promise<{ sessionId: string; textBytes: number }> {
  const caller = { deviceId: "local", scope: "admin" } as const;
  const { sessionId } = await rig.pool.createSession({ caller, projectPath: rig.project, options: {} });
  let textBytes = 0;
  for (let index = 0; index < count; index += 1) {
    const text = prose(chars, (index * 37) % 10_000);
    textBytes += Buffer.byteLength(text);
    const data = { messageId: `m-${index}`, text };
    rig.store.transaction(() => rig.store.events.append({ sessionId, type: "message", turnId: "t", data }));
  }
  return { sessionId, textBytes };
}

describe("compression of answers", () => {
  test("200 events are fewer bytes on the wire than their texts are, and the same as without", async () => {
    const { sessionId, textBytes } = await said(200, 400);
    const path = `/api/sessions/${sessionId}/events?limit=200`;
    const [plain, packed] = [await read(path, undefined), await read(path, "gzip, deflate, br")];
    expect(JSON.parse(plain.text).events.length).toBe(200);
    expect(packed.text).toBe(plain.text);
    expect([packed.headers["content-encoding"], packed.headers.vary]).toEqual(["gzip", "Accept-Encoding"]);
    expect([plain.headers["content-encoding"], plain.headers.vary]).toEqual([undefined, "Accept-Encoding"]);
    expect(packed.headers["content-type"]).toBe(plain.headers["content-type"]);
    expect(packed.wireBytes / textBytes).toBeLessThan(1);
    expect(plain.wireBytes / textBytes).toBeGreaterThan(1.2);
  });

  test.each([
    ["nothing", undefined],
    ["identity", "identity"],
    ["a refusal of it", "gzip;q=0, *;q=0.5"],
    ["another coding", "zstd"],
  ])("is left out where the client says %s", async (_what, encoding) => {
    // One more tells of the session's beginning.
    const { sessionId } = await said(20, 400);
    const { headers, text } = await read(`/api/sessions/${sessionId}/events`, encoding);
    expect([headers["content-encoding"], JSON.parse(text).events.length]).toEqual([undefined, 21]);
  });

  test("is left out of short answers, which the answers with tokens are among", async () => {
    const { headers, bytes } = await read("/api/devices/me", "gzip");
    expect(bytes.length).toBeLessThan(minCompressedBytes);
    expect(headers["content-encoding"]).toBeUndefined();
  });

  test.each([
    ["/api/openapi.json", "application/json; charset=utf-8"],
    ["/metrics?format=prometheus", "text/plain; version=0.0.4; charset=utf-8"],
  ])("%s keeps its type", async (path, type) => {
    const [plain, packed] = [await read(path, undefined), await read(path, "gzip")];
    expect([plain.headers["content-type"], packed.headers["content-type"]]).toEqual([type, type]);
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2);
  });

  test("HEAD has the head and no body", async () => {
    const { sessionId } = await said(20, 400);
    const { headers, bytes } = await read(`/api/sessions/${sessionId}/events`, "gzip", "HEAD");
    expect([headers["content-encoding"], bytes.length]).toEqual(["gzip", 0]);
  });

  test("the lines of an output come compressed, and the same; followed ones at once, and as they are", async () => {
    const { sessionId } = await said(50, 400);
    const path = `/api/sessions/${sessionId}/output`;
    const [plain, packed] = [await read(path, undefined), await read(path, "gzip")];
    expect([packed.headers["content-encoding"], packed.text]).toEqual(["gzip", plain.text]);
    expect(plain.text.trim().split("\n").length).toBe(50);
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2);
    const asked = ask(`${path}?follow=true`, "gzip").end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    expect(response.headers["content-encoding"]).toBeUndefined();
    let heard = "";
    for await (const chunk of response) {
      heard += String(chunk);
      if (heard === plain.text) break;
    }
    expect(heard).toBe(plain.text);
    asked.destroy();
  });
});
