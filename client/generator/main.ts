import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientTypes } from "./clientTypes.ts";
import { formatTypes, generatedPath } from "./format.ts";

/** Writes the client's types from openapi.json and asyncapi.json in the folder that is named. */
const [folder = "."] = process.argv.slice(2);
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
writeFileSync(generatedPath, formatTypes(await clientTypes(read("openapi.json"), read("asyncapi.json"))));
console.log(generatedPath);
