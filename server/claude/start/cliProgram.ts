import { existsSync } from "node:fs";
import { createRequire } from "node:module";

/** The names of the packages in which the Agent SDK brings its CLI, of this machine's own kind first. */
const packageNames = (): string[] => {
  const name = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}`;
  const usesMusl = existsSync("/lib/ld-musl-x86_64.so.1") || existsSync("/lib/ld-musl-aarch64.so.1");
  return usesMusl ? [`${name}-musl`, name] : [name, `${name}-musl`];
};

/** The CLI that the Agent SDK brings, as it finds it itself; `undefined` where the package for this machine is not installed. */
export function bundledCli(): string | undefined {
  const sdk = createRequire(createRequire(import.meta.url).resolve("@anthropic-ai/claude-agent-sdk"));
  for (const name of packageNames()) {
    try {
      return sdk.resolve(`${name}/claude`);
    } catch {
      // Not of this machine's kind.
    }
  }
  return undefined;
}
