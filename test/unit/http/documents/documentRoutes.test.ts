import { Session } from "node:inspector/promises";
import { Readable } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import { collectable, documentRoutes } from "../../../../server/http/documents/documentRoutes.ts";

test("C02: what anybody may ask for is read from the disk once, however often it is asked for", async () => {
  const routes = documentRoutes([], "1.0.0");
  const contentOf = async (path: string) => {
    const answer = await routes
      .find((route) => route.path === path)!
      .answer({
        params: {},
        query: {},
        body: undefined,
        caller: undefined,
        requestId: "r",
        address: "127.0.0.1",
        header: () => undefined,
        isForwarded: false,
        gone: new AbortController().signal,
        bytes: Readable.from([]),
        setHeader() {},
        inform() {},
      });
    return (answer as { content: unknown }).content;
  };
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
    const first = await contentOf(`/api/docs/${file}`);
    expect((first as Buffer).length).toBeGreaterThan(1_000);
    // The same bytes in memory, not a copy from the disk.
    expect(await contentOf(`/api/docs/${file}`)).toBe(first);
  }
  expect(String(await contentOf("/api/docs/page.js"))).toContain('"1.0.0"');
});

test("C02: a document is made once for as long as the garbage collector leaves it, and again after that", async () => {
  let count = 0;
  const document = collectable(() => ({ version: ++count }));
  let held: { version: number } | undefined = document();
  expect(document()).toBe(held);
  await collectGarbage();
  expect(document()).toBe(held);
  held = undefined;
  await collectGarbage();
  expect(document()).toEqual({ version: 2 });
});

/** What a WeakRef was asked for lives until the end of the job. */
async function collectGarbage(): Promise<void> {
  await setImmediate();
  const session = new Session();
  session.connect();
  await session.post("HeapProfiler.collectGarbage");
  session.disconnect();
}
