import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { configFilePath } from "./configFile.ts";

/** The record that CLI 2.1 keeps of each directory in which it was used. */
const configSchema = z.object({
  projects: z.record(
    z.string(),
    z.object({ hasTrustDialogAccepted: z.boolean().optional().catch(undefined) }),
  ),
});

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Trust given in a terminal: the owner's answer to the CLI's own question ("Do you trust the files in this
 * folder?").
 */
export class CliTrust {
  readonly #path: string;
  /** The file is read again when it has changed: the CLI keeps megabytes in it, and a list asks for every project. */
  #read: { version: string; accepted: Promise<ReadonlySet<string>> } | undefined;

  constructor(environment: Environment) {
    this.#path = configFilePath(environment);
  }

  /** Whether the directory, or one above it, was accepted. A file that is missing or damaged says no. */
  async accepted(projectPath: string): Promise<boolean> {
    const accepted = await this.#accepted();
    for (let path = projectPath; ; path = dirname(path)) {
      if (accepted.has(path)) return true;
      if (dirname(path) === path) return false;
    }
  }

  async #accepted(): Promise<ReadonlySet<string>> {
    const file = await stat(this.#path).catch(() => undefined);
    const version = file === undefined ? "none" : `${file.ino} ${file.size} ${file.mtimeMs}`;
    if (this.#read?.version !== version) this.#read = { version, accepted: readAccepted(this.#path) };
    return this.#read.accepted;
  }
}

async function readAccepted(path: string): Promise<ReadonlySet<string>> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return new Set();
  }
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) return new Set();
  const projects = Object.entries(parsed.data.projects);
  return new Set(projects.filter(([, project]) => project.hasTrustDialogAccepted).map(([at]) => at));
}
