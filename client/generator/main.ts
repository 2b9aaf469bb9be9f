import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { HttpDocument, SocketDocument } from "./clientTypes.ts";
import { generatedFiles } from "./generatedFiles.ts";

/** Writes every generated file of the clients from openapi.json and asyncapi.json in the folder that is named. */
const [folder = "."] = process.argv.slice(2);
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const files = await generatedFiles(
  read("openapi.json") as HttpDocument,
  read("asyncapi.json") as SocketDocument,
);
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  console.log(path);
}
