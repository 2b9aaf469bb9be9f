import { execFileSync } from "node:child_process";

/** Where the TypeScript client keeps its types, from the root of the tree. */
export const generatedPath = "client/src/generated.ts";

/** As `biome format` leaves a file of this path in the tree. To be called in the root of the tree. */
export function formatted(path: string, text: string): string {
  return execFileSync("node_modules/.bin/biome", ["format", `--stdin-file-path=${path}`], {
    input: text,
    encoding: "utf8",
    maxBuffer: 64 * 1_048_576,
  });
}
