/** Content security policy of the documentation page: this server's files only, nothing inline. */
export const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The documentation page; everything on it comes from this server. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Daylong: API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<noscript>This page is drawn by a script. The document itself is at /api/openapi.json.</noscript>
<div id="page"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/page.js"></script>
</body>
</html>
`;

/**
 * Draws the page. The document is part of the script: it is the same on every server of this version, and a page that a
 * browser opens cannot send a token. A token that is entered under Authorize stays in the page's memory.
 */
export const docsScript = (document: object): string => `SwaggerUIBundle({
  dom_id: "#page",
  spec: ${JSON.stringify(document)},
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
`;
