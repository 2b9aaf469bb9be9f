import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Clock, Log } from "../../domain/ports.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The CLI's own state (login, projects, counters), which all its processes write: `.claude.json`. */
export const configFilePath = (environment: Environment): string =>
  join(environment.CLAUDE_CONFIG_DIR || environment.HOME || homedir(), ".claude.json");

/** Where CLI 2.1 keeps copies, as `.claude.json.backup.MILLISECONDS`. */
const backupsDir = (environment: Environment): string =>
  join(environment.CLAUDE_CONFIG_DIR || join(environment.HOME || homedir(), ".claude"), "backups");

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const readText = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined);

/** Files damaged by simultaneous starts are found within a day; older ones are not looked for. */
const dayMs = 24 * 3_600_000;

/** Check of the CLI's `.claude.json` before each start. */
export class ConfigFile {
  readonly #parts: { environment: Environment; clock: Clock; log: Log };
  #restoredAt: number | undefined;
  /** The same by the monotonic clock. */
  #restoredReading = 0;

  constructor(parts: { environment: Environment; clock: Clock; log: Log }) {
    this.#parts = parts;
  }

  /** The detail for `/health`, for a day after the file had to be restored. */
  get detail(): string | undefined {
    const at = this.#restoredAt;
    if (at === undefined || this.#parts.clock.monotonic() - this.#restoredReading > dayMs) return undefined;
    return (
      `Claude's .claude.json was damaged and was restored from its newest whole backup at ${new Date(at).toISOString()}. ` +
      "What was damaged is beside it, as .claude.json.damaged."
    );
  }

  /**
   * Puts a damaged file right from its newest whole backup; the CLI refuses to start with a damaged one. The
   * damaged file is kept beside it as `.claude.json.damaged`. Resolves to whether it was restored; a file that is missing is
   * the CLI's to make, and one that cannot be mended is the CLI's to complain of.
   */
  async mend(): Promise<boolean> {
    const { environment, clock, log } = this.#parts;
    try {
      if (!(await restore(environment, log))) return false;
      this.#restoredAt = clock.now();
      this.#restoredReading = clock.monotonic();
      return true;
    } catch (error) {
      log.error("claude.config_not_mended", { error });
      return false;
    }
  }
}

async function restore(environment: Environment, log: Log): Promise<boolean> {
  const path = configFilePath(environment);
  const text = await readText(path);
  if (text === undefined || isObject(text)) return false;
  const dir = backupsDir(environment);
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.startsWith(".claude.json.backup"));
  const stampOf = (name: string) => Number(name.slice(name.lastIndexOf(".") + 1)) || 0;
  for (const name of names.sort((a, b) => stampOf(b) - stampOf(a))) {
    const backup = await readText(join(dir, name));
    if (backup === undefined || !isObject(backup)) continue;
    const whole = `${path}.daylong-${process.pid}`;
    await writeFile(whole, backup, { mode: 0o600 });
    await rename(path, `${path}.damaged`);
    await rename(whole, path);
    log.warn("claude.config_restored", { from: name });
    return true;
  }
  log.error("claude.config_damaged", { backups: names.length, advice: "Mend or remove .claude.json." });
  return false;
}
