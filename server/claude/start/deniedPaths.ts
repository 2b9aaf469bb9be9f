import { readdir, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** What the data folder may hold at any time, beside what it holds now. */
const dataNames = [
  ...["admin-token", "attachments", "backups", "daylong.db", "daylong.db-shm", "daylong.db-wal", "logs"],
  ...[
    "process-settings",
    "server.json",
    "server.lock",
    "spares",
    "tls-cert.pem",
    "tls-key.pem",
    "vapid-keys.json",
  ],
];

export interface DeniedPathsParts {
  dataDir: string;
  /** `DENIED_PATHS`, absolute. */
  paths: readonly string[];
  /** Entries of the data folder in which sessions work. */
  openNames: readonly string[];
}

/** The places where Claude's tools must not read or write: the data folder but its project folders, and `DENIED_PATHS`. */
export class DeniedPaths {
  readonly #parts: DeniedPathsParts;

  constructor(parts: DeniedPathsParts) {
    this.#parts = parts;
  }

  /** Every place, as it was named and, where links lead elsewhere, as it really is. Entries of the data folder one by one. */
  async list(): Promise<string[]> {
    const { dataDir, paths, openNames } = this.#parts;
    const [found, bases] = await Promise.all([
      readdir(dataDir, { withFileTypes: true }).catch(() => []),
      spellings(dataDir),
    ]);
    const names = new Set([...dataNames, ...found.map(({ name }) => name)]);
    for (const name of openNames) names.delete(name);
    const entries = [...names].flatMap((name) => bases.map((base) => join(base, name)));
    // Only a link leads elsewhere: each look at a path adds to the start.
    const links = found.filter((entry) => entry.isSymbolicLink() && names.has(entry.name));
    const led = [...links.map(({ name }) => join(dataDir, name)), ...paths];
    return [...new Set([...entries, ...(await Promise.all(led.map(spellings))).flat()])];
  }

  /** Whether a real path lies in such a place. Rejects when the places cannot be looked at. */
  async holds(real: string): Promise<boolean> {
    const { dataDir, paths, openNames } = this.#parts;
    for (const base of await spellings(dataDir)) {
      const name = firstBelow(base, real);
      if (name !== undefined) return !openNames.includes(name);
    }
    const denied = (await Promise.all(paths.map(spellings))).flat();
    return denied.some((path) => firstBelow(path, real) !== undefined);
  }
}

/** Whether a path is one of the places, or lies in one. */
export const liesInAny = (places: readonly string[], path: string): boolean =>
  places.some((place) => firstBelow(place, path) !== undefined);

async function spellings(path: string): Promise<string[]> {
  const real = await realpath(path).catch(() => path);
  return [...new Set([path, real])];
}

/** The first name below a directory; "" is the directory itself, `undefined` what lies outside it. */
function firstBelow(base: string, path: string): string | undefined {
  const [first = ""] = relative(base, path).split(sep);
  return first === ".." ? undefined : first;
}

/** The rules that keep the CLI's file tools, mentions and known shell commands from these places. Pure. */
export const denyRules = (paths: readonly string[]): string[] =>
  paths.flatMap((path) => {
    const content = `/${ruleContent(path)}`;
    // A rule for a directory covers all that lies below it. `Edit` covers every tool that writes files.
    return [`Read(${content})`, `Edit(${content})`];
  });

/** A path as the content of a rule: its wildcards mean themselves, and its parentheses do not end the rule. */
const ruleContent = (path: string): string =>
  path.replace(/[\\*?[\]{}]/g, String.raw`\$&`).replace(/[\\()]/g, String.raw`\$&`);
