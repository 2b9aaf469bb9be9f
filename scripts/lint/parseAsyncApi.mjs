// Has AsyncAPI's own parser read a document; ends with 1 when it finds an error.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
// Spectral's severities: 0 is an error, 1 a warning.
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { severity, path, message } of diagnostics) {
  console.log(`${severity === 0 ? "error" : "note"}: ${path.join("/")}: ${message}`);
}
console.log(`AsyncAPI parser: ${document ? "read" : "not read"}, ${errors.length} errors.`);
process.exit(document && errors.length === 0 ? 0 : 1);
