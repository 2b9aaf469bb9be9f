import { createHash } from "node:crypto";
import type { HttpDependencies } from "../../dependencies.ts";
import { htmlResponse } from "../../framework/responseSchemas.ts";
import { defineRoute, type Route } from "../../framework/route.ts";

const style = `
  :root { color-scheme: light dark; font: 17px/1.5 system-ui, sans-serif; }
  body { max-width: 34rem; margin: 12vh auto; padding: 0 1.25rem; }
  h1 { font-size: 1.6rem; }
  code { font: 0.9em ui-monospace, monospace; background: #8883; padding: 0.1em 0.35em; border-radius: 0.3em; }
  footer { margin-top: 3rem; opacity: 0.65; font-size: 0.85rem; }
`;

/** What the Content-Security-Policy allows: this style and nothing else. */
export const pageStyleHash = `sha256-${createHash("sha256").update(style).digest("base64")}`;

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const pageOf = (version: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daylong</title>
<style>${style}</style>
</head>
<body>
<h1>Daylong</h1>
<p>This is a Daylong server. It keeps Claude sessions alive on the computer it runs on and brings them to its
owner's phone.</p>
<p>To pair a phone, run <code>daylong pair</code> (in a checkout <code>scripts/pair</code>) on that
computer and scan the code with the app. The code works
once, for ten minutes.</p>
<p>Nothing else can be seen here without a paired device's token. <a href="/health">Its health</a> is public.</p>
<footer>Daylong ${escapeHtml(version)}</footer>
</body>
</html>
`;

/** The page at the root: what this is and how to pair. */
export function homePageRoutes({ version }: HttpDependencies): Route[] {
  const html = pageOf(version);
  return [
    defineRoute({
      method: "GET",
      path: "/",
      scope: "open",
      summary: "A page that says what this server is.",
      response: { 200: htmlResponse },
      handle: () => ({ kind: "page", html }),
    }),
  ];
}
