import { realpathSync } from "node:fs";
import { lstat, readdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { ProjectStanding, ProjectTrust } from "../domain/sessions/trust.ts";

/** The files that Claude reads of an untrusted project: their words start nothing by themselves. */
const plainNames: ReadonlySet<string> = new Set(["CLAUDE.md", "rules"]);

const noNames: ReadonlySet<string> = new Set();

export interface OwnersTrustParts {
  store: Pick<Store, "trust" | "audit" | "transaction">;
  clock: Clock;
  log: Log;
  /** What lies here and above is the owner's own, not a project's. */
  homeDir: string;
  /** Claude's own configuration, which is no project's either. */
  claudeConfigDir: string;
  /** Whether the owner accepted the directory, or one above it, when the CLI asked in a terminal. */
  acceptedInTerminal(projectPath: string): Promise<boolean>;
}

/**
 * Project trust. A repository can bring hooks, MCP servers, a key helper, another API address and rules that allow
 * everything, and the CLI acts on them without a question when it has no terminal. So a project's own settings are
 * loaded only when the owner trusts it.
 */
export class OwnersTrust implements ProjectTrust {
  readonly #parts: OwnersTrustParts;
  readonly #homeDirs: ReadonlySet<string>;
  readonly #ownClaudeDirs: ReadonlySet<string>;

  constructor(parts: OwnersTrustParts) {
    this.#parts = parts;
    this.#homeDirs = withReal(parts.homeDir);
    this.#ownClaudeDirs = withReal(parts.claudeConfigDir);
  }

  async standingOf(projectPath: string): Promise<ProjectStanding> {
    if (this.#parts.store.trust.has(projectPath)) return "trusted";
    // Side by side, as each look adds to the start of a session.
    const [leadsOut, bringsMore] = await Promise.all([
      speaksFromOutside(projectPath),
      this.#bringsMore(projectPath),
    ]);
    if (!leadsOut && !bringsMore) return "plain";
    if (await this.#parts.acceptedInTerminal(projectPath)) return "trusted";
    return leadsOut ? "suspect" : "untrusted";
  }

  trust(projectPath: string, by: string): void {
    const { store, clock, log } = this.#parts;
    const at = clock.now();
    store.transaction(() => {
      if (!store.trust.add({ projectPath, trustedAt: at, deviceId: by })) return;
      store.audit.add({ at, deviceId: by, action: "project.trust", target: projectPath, detail: "" });
    });
    log.info("project.trusted", { deviceId: by });
  }

  rulesOf(projectPath: string, sessionId?: string): string[] {
    const { trust } = this.#parts.store;
    const ofSession = sessionId === undefined ? [] : trust.sessionRulesOf(sessionId);
    return [...new Set([...trust.rulesOf(projectPath), ...ofSession])];
  }

  /** Ends the trust, and forgets every "always" and "session". Trust given in a terminal is the terminal's to end. */
  withdraw(projectPath: string, by: string): void {
    const { store, clock } = this.#parts;
    store.transaction(() => {
      if (!store.trust.remove(projectPath)) return;
      const at = clock.now();
      store.audit.add({ at, deviceId: by, action: "project.distrust", target: projectPath, detail: "" });
    });
  }

  /** The CLI looks for such things in the directory and in those above it; of the latter it reads all or nothing. */
  async #bringsMore(projectPath: string): Promise<boolean> {
    const looks: Array<Promise<boolean>> = [];
    for (let path = projectPath; !this.#homeDirs.has(path); path = dirname(path)) {
      const isAbove = path !== projectPath;
      const names = [".mcp.json", "CLAUDE.local.md", ...(isAbove ? ["CLAUDE.md"] : [])];
      looks.push(...names.map((name) => exists(join(path, name))));
      const claudeDir = join(path, ".claude");
      const passed = isAbove ? noNames : plainNames;
      if (!this.#ownClaudeDirs.has(claudeDir)) looks.push(holdsOther(claudeDir, passed));
      if (dirname(path) === path) break;
    }
    return (await Promise.all(looks)).includes(true);
  }
}

/**
 * Whether the words that would be read of an untrusted project lie elsewhere, behind a link: a repository could have any
 * file of the owner told to Claude that way.
 */
async function speaksFromOutside(projectPath: string): Promise<boolean> {
  const looks = ["CLAUDE.md", ".claude", ".claude/CLAUDE.md", ".claude/rules"].map(async (name) => {
    const path = join(projectPath, name);
    if (!(await exists(path))) return false;
    const real = await realpath(path).catch(() => undefined);
    return real === undefined || !real.startsWith(`${projectPath}/`);
  });
  return (await Promise.all(looks)).includes(true);
}

/** Project paths have their links followed; a home directory may be given by one. */
function withReal(path: string): ReadonlySet<string> {
  try {
    return new Set([path, realpathSync(path)]);
  } catch {
    return new Set([path]);
  }
}

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    // A file that cannot be looked at may be there.
    (error: unknown) => !isAbsent(error),
  );

const holdsOther = (path: string, passed: ReadonlySet<string>): Promise<boolean> =>
  readdir(path).then(
    (names) => names.some((name) => !passed.has(name)),
    (error: unknown) => !isAbsent(error),
  );

const isAbsent = (error: unknown): boolean => {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
};
