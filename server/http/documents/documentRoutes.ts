import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { z } from "zod";
import { htmlResponse } from "../framework/responseSchemas.ts";
import { defineRoute, json, type Route } from "../framework/route.ts";
import { asyncApiDocument } from "./asyncapi.ts";
import { docsPage, docsPolicy, docsScript } from "./docsPage.ts";
import { openApiDocument } from "./openapi.ts";

/** Files of the page's renderer (swagger-ui-dist), by their names there. */
const rendererFiles = [
  ["swagger-ui.css", "text/css"],
  ["swagger-ui-bundle.js", "text/javascript"],
] as const;
const rendererFolder = "swagger-ui-dist";

const pageHeaders = { "Content-Security-Policy": docsPolicy };
/** The renderer's files change with the server's version only; an hour spares a phone its two megabytes. */
const fileHeaders = { "Cache-Control": "private, max-age=3600" };

/**
 * A value that is made when it is first asked for, and again when the garbage collector has taken it since: it is large, and
 * asked for in quick succession or not for days.
 */
export function collectable<T extends object>(make: () => T): () => T {
  let kept: WeakRef<T> | undefined;
  return () => {
    const known = kept?.deref();
    if (known !== undefined) return known;
    const made = make();
    kept = new WeakRef(made);
    return made;
  };
}

/** What the server says of its own routes and frames. `routes`: the whole table, these included. */
export function documentRoutes(routes: readonly Route[], version: string): Route[] {
  const openApi = collectable(() => openApiDocument(routes, version));
  const pageScript = collectable(() => Buffer.from(docsScript(openApi())));
  const resolveFile = createRequire(import.meta.url).resolve;
  // Anybody may ask, as often as they like.
  const contents = new Map<string, WeakRef<Buffer>>();
  const contentOf = async (file: string) => {
    const known = contents.get(file)?.deref();
    const content = known ?? (await readFile(resolveFile(`${rendererFolder}/${file}`)));
    if (known === undefined) contents.set(file, new WeakRef(content));
    return content;
  };

  return [
    defineRoute({
      method: "GET",
      path: "/api/openapi.json",
      // The page /api/docs, which anybody may open, holds it too.
      scope: "open",
      summary: "This description of the HTTP interface, as OpenAPI 3.1.",
      response: z.record(z.string(), z.unknown()),
      handle: () => json(openApi()),
    }),
    defineRoute({
      method: "GET",
      path: "/api/asyncapi.json",
      scope: "open",
      summary: "The description of the WebSocket, as AsyncAPI 3.0.",
      response: z.record(z.string(), z.unknown()),
      handle: () => json(asyncApiDocument(version)),
    }),
    defineRoute({
      method: "GET",
      path: "/api/docs",
      scope: "open",
      summary: "A page to read this description on, and to try it.",
      response: { 200: htmlResponse },
      handle: () => ({ kind: "page", html: docsPage, headers: pageHeaders }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/docs/page.js",
      scope: "open",
      summary: "The script of the page.",
      response: { 200: { mediaType: "text/javascript", schema: z.string() } },
      handle: () => ({ kind: "content", mediaType: "text/javascript", content: pageScript() }),
    }),
    ...rendererFiles.map(([file, mediaType]) =>
      defineRoute({
        method: "GET",
        path: `/api/docs/${file}`,
        scope: "open",
        summary: "A file of the page.",
        response: { 200: { mediaType, schema: z.string() } },
        handle: async () => ({
          kind: "content",
          mediaType,
          content: await contentOf(file),
          headers: fileHeaders,
        }),
      }),
    ),
  ];
}
