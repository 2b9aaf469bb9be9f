import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { expandPath } from "./filesystem/paths.ts";
import { nearName } from "./nearName.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The names that mean something to the program, and how their values are read. */
export interface KnownNames {
  /** The settings. */
  settings: readonly string[];
  /** Names whose value is a path, and those whose value is several paths with ":" between them. */
  paths: readonly string[];
  pathLists: readonly string[];
  /** Other names of settings, for who comes from another program. */
  aliases: Readonly<Record<string, string>>;
  /** Whether a name is another program's that is started here: it is passed on, and no slip. */
  isForeign(name: string): boolean;
}

export interface EnvironmentFilesParts {
  /** The process's own environment, which wins. */
  environment: Environment;
  /** What flags of the command say; it wins over all. */
  flags: { dataDir?: string; port?: string };
  /** Where the command was called: relative paths of the environment and of flags start there. */
  callerDir: string;
  /** The program's own folder, whose `.env` is read; `undefined`: none. */
  programDir: string | undefined;
  /** Where the data folder is when nothing says so. */
  defaultDataDir: string;
  names: KnownNames;
}

/** The environment that the configuration is read from. */
export interface GatheredEnvironment {
  /** Absolute paths; what was empty is absent. */
  environment: Record<string, string>;
  /** The files that were read. */
  files: string[];
  /** What the owner should know and no start fails for. */
  notices: string[];
  /** What a start fails for. Values are never repeated: they may be secrets. */
  faults: string[];
}

/**
 * Gathers the environment from the process and from the `.env` files of the data folder and of the program's own folder, and
 * from no other: the folder that the command happens to be called in may be anybody's. The process's variables win, then
 * those of the data folder's file.
 */
export function gatherEnvironment(parts: EnvironmentFilesParts): GatheredEnvironment {
  const { flags, callerDir, programDir, names } = parts;
  const gathered: GatheredEnvironment = { environment: {}, files: [], notices: [], faults: [] };
  const own = cleaned(parts.environment, callerDir, "the environment", names, gathered);
  const flagged: Record<string, string> = {};
  if (flags.dataDir !== undefined) flagged.DATA_DIR = expandPath(flags.dataDir, callerDir);
  if (flags.port !== undefined) flagged.PORT = flags.port;
  const ofProgram = programDir === undefined ? {} : readFile(programDir, names, gathered);
  const dataDir = flagged.DATA_DIR ?? own.DATA_DIR ?? ofProgram.DATA_DIR ?? parts.defaultDataDir;
  const isSame = programDir !== undefined && join(programDir) === join(dataDir);
  const { DATA_DIR: moved, ...ofData } = isSame ? {} : readFile(dataDir, names, gathered);
  if (moved !== undefined) {
    gathered.notices.push(
      `DATA_DIR in ${join(dataDir, ".env")} is not followed: the file is found by it. Set it in the environment.`,
    );
  }
  gathered.environment = { ...ofProgram, ...ofData, ...own, ...flagged, DATA_DIR: dataDir };
  return gathered;
}

/** The variables of a folder's `.env`; none when there is no such file. */
function readFile(folder: string, names: KnownNames, gathered: GatheredEnvironment): Record<string, string> {
  const path = join(folder, ".env");
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") gathered.faults.push(`${path}: cannot be read (${code})`);
    return {};
  }
  gathered.files.push(path);
  if (isUtf16(bytes)) {
    gathered.faults.push(`${path}: is not UTF-8 text (it looks like UTF-16); save it as UTF-8`);
    return {};
  }
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  for (const line of linesThatSetNothing(text)) {
    gathered.notices.push(`${path}, line ${line}, sets nothing: a setting is written NAME=VALUE.`);
  }
  return cleaned(parse(text), folder, path, names, gathered);
}

/** What an editor of Windows saves as "Unicode": with a byte order mark, or every other byte NUL. */
const isUtf16 = (bytes: Buffer): boolean =>
  /^(?:fffe|feff)/.test(bytes.toString("hex", 0, 2)) || bytes.includes(0);

/** Numbers of the lines that are neither a setting, nor a comment, nor part of a value in quotes that goes over several lines. */
function linesThatSetNothing(text: string): number[] {
  const wrong: number[] = [];
  let quote: string | undefined;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (quote !== undefined) {
      if (line.includes(quote)) quote = undefined;
      continue;
    }
    if (/^\s*(?:#|$)/.test(line)) continue;
    const set = /^\s*(?:export\s+)?[\w.-]+(?:\s*=|:\s)\s*(.*)$/.exec(line);
    if (set === null) {
      wrong.push(index + 1);
      continue;
    }
    const [, value = ""] = set;
    const first = value[0];
    if (first !== undefined && "'\"`".includes(first) && !value.slice(1).includes(first)) quote = first;
  }
  return wrong;
}

/** The variables of one source without the empty ones, under their own names, with paths that are absolute. */
function cleaned(
  source: Environment,
  base: string,
  from: string,
  names: KnownNames,
  { notices }: GatheredEnvironment,
): Record<string, string> {
  const isFile = from !== "the environment";
  const result: Record<string, string> = {};
  for (const [name, given = ""] of Object.entries(source)) {
    const isOurs = names.settings.includes(name) || names.aliases[name] !== undefined;
    const value = isOurs ? given.trim() : given;
    if (value === "") continue;
    result[name] = absolute(name, value, base, names);
    if (isOurs || names.paths.includes(name) || names.isForeign(name)) continue;
    const near = nearName(name, names.settings);
    if (near !== undefined) notices.push(`${name} in ${from} is no setting. Is ${near} meant?`);
    else if (isFile) notices.push(`${name} in ${from} is no setting, and means nothing here.`);
  }
  for (const [alias, name] of Object.entries(names.aliases)) {
    const value = result[alias];
    if (value === undefined) continue;
    delete result[alias];
    const isTaken = result[name] === undefined;
    if (isTaken) result[name] = value;
    notices.push(
      isTaken
        ? `${alias} in ${from} is taken as ${name}.`
        : `${alias} in ${from} is another name of ${name}, which is set there too and wins.`,
    );
  }
  return result;
}

function absolute(name: string, value: string, base: string, names: KnownNames): string {
  if (names.pathLists.includes(name)) {
    const paths = value.split(":").filter((path) => path.trim() !== "");
    return paths.map((path) => expandPath(path.trim(), base)).join(":");
  }
  // A bare name is no path: it is looked for in PATH.
  const isBare = name === "CLAUDE_BIN" && !/[/~$]/.test(value);
  return names.paths.includes(name) && !isBare ? expandPath(value, base) : value;
}
