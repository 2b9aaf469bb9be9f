import { type Request, type Response, Router } from "express";
import { DaylongError } from "../../domain/errors.ts";
import { type Encoding, encodings, type PageFile, type PageFiles } from "./pageFiles.ts";

/** Content security policy of the page: this server's files only, nothing inline; pictures that the owner attaches are blobs. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
  "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Addresses of the page (docs/api.md, The page): each is answered with the same document, which looks at the address itself. */
const shellPaths = ["/", "/s/:sessionId", "/pair", "/monitor", "/settings", "/help"];

const shellCaching = "no-cache";
/** A file with a hash in its name never changes. */
const assetCaching = "public, max-age=31536000, immutable";

/** The companion page's document and files. */
export function pageRouter(files: PageFiles): Router {
  const router = Router({ strict: false });
  const serve = (path: string, answer: (request: Request, response: Response) => Promise<boolean>) => {
    router.all(path, async (request, response, next) => {
      if (request.method !== "GET" && request.method !== "HEAD") {
        response.setHeader("Allow", "GET, HEAD");
        if (request.method !== "OPTIONS")
          throw new DaylongError("method_not_allowed", "This address takes GET, HEAD.");
        response.status(204).end();
        return;
      }
      response.locals.route = path;
      if (!(await answer(request, response))) next();
    });
  };
  for (const path of shellPaths)
    serve(path, async (request, response) => {
      await sendShell(files, request, response, 200);
      return true;
    });
  serve("/assets/:name", async (request, response) => {
    const file = await files.asset(String(request.params.name), acceptedBy(request));
    if (file) send(request, response, file, assetCaching);
    return file !== undefined;
  });
  // No route: a path of one segment that is no file may be the interface's.
  router.use(async (request, response, next) => {
    const name = /^\/([^/]+)$/.exec(request.path)?.[1];
    const isRead = request.method === "GET" || request.method === "HEAD";
    const file = name !== undefined && isRead ? await files.named(name, acceptedBy(request)) : undefined;
    if (!file) return next();
    // A service worker is bound by the policy that its own file came with, not by the page's.
    response.setHeader("Content-Security-Policy", pagePolicy);
    send(request, response, file, shellCaching);
  });
  return router;
}

/** Whether a browser asks to show the address, rather than a program that reads it. */
export const wantsPage = (request: Request): boolean =>
  (request.method === "GET" || request.method === "HEAD") &&
  request.accepts(["application/problem+json", "text/html"]) === "text/html";

/** Answers with the page's document; with 404 for an address that the page does not know either, and says so. */
export async function sendShell(
  files: PageFiles,
  request: Request,
  response: Response,
  status: 200 | 404,
): Promise<void> {
  const file = await files.shell(acceptedBy(request));
  response.setHeader("Content-Security-Policy", pagePolicy);
  response.status(status);
  if (file) send(request, response, file, shellCaching);
  else response.setHeader("Cache-Control", shellCaching).type("html").send(unbuiltPage(status));
}

const acceptedBy = (request: Request): Encoding[] =>
  encodings.filter((encoding) => request.acceptsEncodings(encoding) === encoding);

function send(request: Request, response: Response, file: PageFile, caching: string): void {
  response.setHeader("Cache-Control", caching);
  response.setHeader("ETag", file.etag);
  response.setHeader("Vary", "Accept-Encoding");
  response.type(file.mediaType);
  if (response.statusCode === 200 && request.headers["if-none-match"] === file.etag) {
    response.status(304).end();
    return;
  }
  if (file.encoding) response.setHeader("Content-Encoding", file.encoding);
  response.send(file.content);
}

/** In the place of a page that was not built, or has no such address. */
const unbuiltPage = (status: 200 | 404): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daylong</title>
</head>
<body>
<h1>Daylong</h1>
${status === 404 ? "<p>There is nothing at this address.</p>" : ""}
<p>This is a Daylong server. Its page was not built: <code>scripts/start</code> builds and serves it.</p>
<p>To pair a phone, run <code>scripts/pair</code> on the computer that the server runs on.</p>
<p><a href="/health">Its health</a> and <a href="/api/docs">the description of its interface</a> are public.</p>
</body>
</html>
`;
