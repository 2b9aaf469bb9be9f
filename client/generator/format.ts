import { execFileSync } from "node:child_process";

/** Where the client keeps them, from the root of the tree. */
export const generatedPath = "client/src/generated.ts";

/** As `biome format` leaves the file in the tree. To be called in the root of the tree. */
export function formatTypes(text: string): string {
  return execFileSync("node_modules/.bin/biome", ["format", `--stdin-file-path=${generatedPath}`], {
    input: text,
    encoding: "utf8",
  });
}
