import { Readable } from "node:stream";
import { expect, test } from "@jest/globals";
import { documentRoutes } from "../../../../server/http/documents/documentRoutes.ts";

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
  expect(await contentOf("/api/docs/page.js")).toContain('"1.0.0"');
});
