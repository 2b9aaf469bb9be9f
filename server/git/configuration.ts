/** One value of git's configuration. */
export interface ConfigEntry {
  /** `system`, `global`, `local` or `worktree`; empty when not asked for. */
  scope: string;
  /** Section and name in lower case, the part between them as it is written. */
  key: string;
  /** `undefined` for a key without a value, which means true. */
  value?: string;
}

/**
 * Values that only say how files are read and compared. Everything else of a repository's configuration stays outside: a list
 * of what is harmless cannot miss a way to run programs that a later git learns.
 */
const harmlessKeys = new Map([
  ["core.filemode", "filemode"],
  ["core.ignorecase", "ignorecase"],
  ["core.precomposeunicode", "precomposeunicode"],
  ["core.symlinks", "symlinks"],
  ["core.trustctime", "trustctime"],
  ["core.checkstat", "checkstat"],
  ["core.autocrlf", "autocrlf"],
  ["core.eol", "eol"],
  ["core.sparsecheckout", "sparseCheckout"],
  ["core.sparsecheckoutcone", "sparseCheckoutCone"],
]);
const plainWord = /^[A-Za-z0-9]{0,16}$/;

/** Files above this are compared as binary ones: their lines would cost more memory and time than they are worth on a phone. */
const bigFileThreshold = "16m";

/** What `git config --list -z` said; with `--show-scope` each value has a scope before it. */
export function parseConfigList(listed: string, withScope: boolean): ConfigEntry[] {
  const items = listed.split("\0");
  // After the last NUL there is nothing.
  items.pop();
  const entries: ConfigEntry[] = [];
  const step = withScope ? 2 : 1;
  for (let at = 0; at + step <= items.length; at += step) {
    const item = items[at + step - 1] ?? "";
    const scope = withScope ? (items[at] ?? "") : "";
    const end = item.indexOf("\n");
    entries.push(
      end < 0 ? { scope, key: item } : { scope, key: item.slice(0, end), value: item.slice(end + 1) },
    );
  }
  return entries;
}

/** What is taken over from the configuration of the owner and of the repository. */
export interface ReadingSettings {
  isBare: boolean;
  objectFormat: "sha1" | "sha256";
  /** Text of the configuration that our commands get instead. */
  configText: string;
  /** Filters that the owner or the repository has defined. */
  filters: ReadonlySet<string>;
}

/** Reads the settings out of the whole configuration; the later of two values counts. */
export function readingSettings(
  entries: readonly ConfigEntry[],
  owner: { homeDir: string; configHome: string },
): ReadingSettings {
  const core = new Map<string, string>();
  const filters = new Set<string>();
  let excludesFile = `${owner.configHome}/git/ignore`;
  let isBare = false;
  let objectFormat: ReadingSettings["objectFormat"] = "sha1";
  for (const { scope, key, value = "true" } of entries) {
    const name = harmlessKeys.get(key);
    if (name !== undefined && plainWord.test(value)) core.set(name, value);
    if (key === "core.bare") isBare = /^(true|yes|on|[1-9]\d*)$/i.test(value);
    if (key === "extensions.objectformat" && value.toLowerCase() === "sha256") objectFormat = "sha256";
    // A repository's own could name any file of the computer.
    if (key === "core.excludesfile" && (scope === "global" || scope === "system"))
      excludesFile = value.startsWith("~/") ? owner.homeDir + value.slice(1) : value;
    const filter = key.match(/^filter\.(.*)\.(?:clean|smudge|process)$/s)?.[1];
    if (filter !== undefined && value !== "") filters.add(filter);
  }
  const configText = [
    "[core]",
    "repositoryformatversion = 1",
    "bare = false",
    "quotepath = false",
    "fsmonitor = false",
    "hooksPath = /dev/null",
    "attributesFile = /dev/null",
    `bigFileThreshold = ${bigFileThreshold}`,
    `excludesFile = ${quoted(excludesFile)}`,
    ...[...core].map(([name, value]) => `${name} = ${value}`),
    ...(objectFormat === "sha256" ? ["[extensions]", "objectformat = sha256"] : []),
    "",
  ].join("\n");
  return { isBare, objectFormat, configText, filters };
}

/** A value as a configuration file has it, or a path as a list of alternates has it. */
export const quoted = (value: string): string =>
  `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
