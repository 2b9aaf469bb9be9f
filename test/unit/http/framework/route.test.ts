import { Readable } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { defineRoute, json, type RawInput } from "../../../../server/http/framework/route.ts";

const raw = (input: Partial<RawInput>): RawInput => ({
  params: {},
  query: {},
  body: undefined,
  caller: { deviceId: "d", scope: "chat" },
  requestId: "r",
  address: "127.0.0.1",
  header: () => undefined,
  isForwarded: false,
  gone: new AbortController().signal,
  bytes: Readable.from([]),
  setHeader() {},
  inform() {},
  ...input,
});

const route = defineRoute({
  method: "POST",
  path: "/things/:id",
  scope: "chat",
  summary: "A thing.",
  params: z.object({ id: z.string() }),
  query: z.object({ limit: z.string().regex(/^\d+$/).transform(Number).optional() }),
  body: z.object({ size: z.number(), tags: z.array(z.string()).optional() }),
  response: z.unknown(),
  handle: ({ params, query, body, caller }) => json({ params, query, body, deviceId: caller.deviceId }),
});

describe("C01: a route of the table", () => {
  test("C01: hands its handler what its schemas made of the request", async () => {
    const input = raw({ params: { id: "7" }, query: { limit: "3" }, body: { size: 1, unknown: true } });
    expect(await route.answer(input)).toMatchObject({
      status: 200,
      body: { params: { id: "7" }, query: { limit: 3 }, body: { size: 1 }, deviceId: "d" },
    });
  });

  test("C01: names every fault of the request at once", async () => {
    const input = raw({ params: { id: "7" }, query: { limit: "x" }, body: { tags: ["a", 2] } });
    await expect(route.answer(input)).rejects.toMatchObject({
      code: "invalid_request",
      faults: [{ path: "limit" }, { path: "size" }, { path: "tags.1" }],
    });
  });

  test("C01: takes a missing body for one without fields, and refuses what is no object", async () => {
    const sizes = { path: "size" };
    await expect(route.answer(raw({ params: { id: "7" } }))).rejects.toMatchObject({ faults: [sizes] });
    for (const body of [null, [], "text", 3]) {
      await expect(route.answer(raw({ params: { id: "7" }, body }))).rejects.toMatchObject({
        faults: [{ path: "" }],
      });
    }
  });
});
