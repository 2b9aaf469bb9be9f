import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, realpath, rmdir, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { DaylongError } from "../domain/errors.ts";

/** A directory that can be worked in. */
export interface ProjectDirectory {
  projectId: string;
  path: string;
  name: string;
}

/** PATH_MAX and NAME_MAX of Linux; macOS has less room, and says so itself. */
const maxPathBytes = 4096;
const maxNameBytes = 255;
/** Most directories listed of one root: a longer list is of no use on a phone. */
const maxListed = 1000;

/** A stable opaque id of a path: 128 bits of its SHA-256, in base64url. */
export const projectIdOf = (path: string): string =>
  createHash("sha256").update(path).digest("base64url").slice(0, 22);

export interface ProjectRootsParts {
  paths: readonly string[];
  /** The owner's home directory. It may be a root, but is no project itself. */
  homeDir: string;
  /** The server's data folder, which exists: neither it nor anything in or around it is a project. */
  dataDir: string;
  /** Folders in the data folder that hold projects all the same: the demo's. */
  openFolders?: readonly string[];
}

/** A root as the owner wrote it, and with its links followed. */
interface Root {
  given: string;
  real: string;
}

/** Error of project roots that are no directories: a sentence for each. */
export class ProjectRootsError extends Error {
  override readonly name = "ProjectRootsError";
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join(" "));
    this.faults = faults;
  }
}

/** The project roots: the directories that Claude may work in. Only this class checks whether a path is inside them. */
export class ProjectRoots {
  readonly #roots: readonly Root[];
  readonly #homeDir: string;
  /** Links followed, as everything that a path is compared with. */
  readonly #realHome: string;
  readonly #dataDir: string;
  readonly #openFolders: readonly string[];

  private constructor(parts: Required<ProjectRootsParts>, roots: readonly Root[], realHome: string) {
    this.#roots = roots;
    this.#homeDir = parts.homeDir;
    this.#realHome = realHome;
    this.#dataDir = parts.dataDir;
    this.#openFolders = parts.openFolders;
  }

  /** Follows the links of each root once. Throws a `ProjectRootsError` that names every root that is no directory. */
  static async open(parts: ProjectRootsParts): Promise<ProjectRoots> {
    const { homeDir } = parts;
    const roots: Root[] = [];
    const faults: string[] = [];
    for (const path of parts.paths) {
      const given = resolve(expandHome(path, homeDir));
      const real = await realpath(given).catch(() => undefined);
      const isDirectory = real !== undefined && (await stat(real).catch(() => undefined))?.isDirectory();
      if (isDirectory) roots.push({ given, real });
      else faults.push(`Project root ${given} cannot be used: make the directory or correct PROJECT_ROOTS.`);
    }
    if (faults.length > 0) throw new ProjectRootsError(faults);
    const real = (path: string) => realpath(path).catch(() => resolve(path));
    const dataDir = await real(parts.dataDir);
    const openFolders = await Promise.all((parts.openFolders ?? []).map(real));
    return new ProjectRoots({ ...parts, dataDir, openFolders }, roots, await real(homeDir));
  }

  /** The roots, links followed. */
  get paths(): string[] {
    return [...new Set(this.#roots.map((root) => root.real))];
  }

  /** Whether a real path lies inside a root, whatever the names on the way. */
  contains(real: string): boolean {
    return this.#roots.some((root) => segmentsBelow(root.real, real) !== undefined);
  }

  /** The root that holds the data folder, if one does. */
  get rootOfDataFolder(): string | undefined {
    return this.paths.find((root) => segmentsBelow(root, this.#dataDir) !== undefined);
  }

  /**
   * The real path of a project directory. Throws `invalid_request` for a path that is not absolute, `project_not_found`
   * for a directory that is missing inside the roots, and `project_forbidden` for any other path, whether or not it exists:
   * the answer must not tell what lies outside. `project_forbidden` as well for the home directory, the data folder, a directory
   * that holds either of them, and a directory in the data folder.
   */
  async resolve(path: string): Promise<string> {
    const wanted = this.#parse(path);
    if (this.#isHidden(wanted)) throw forbidden();
    const found = await locate(wanted);
    if (found === undefined || !this.#allows(join(found.real, ...found.missing))) throw forbidden();
    this.#refuseOwn(join(found.real, ...found.missing));
    if (found.missing.length > 0) throw notFound();
    let isDirectory: boolean;
    try {
      isDirectory = (await stat(found.real)).isDirectory();
    } catch (cause) {
      throw notFound(cause);
    }
    if (!isDirectory) throw notFound();
    return found.real;
  }

  /** The directories directly under the roots, by name; dot-directories and `node_modules` are left out. */
  async directories(): Promise<ProjectDirectory[]> {
    const byPath = new Map<string, ProjectDirectory>();
    for (const root of this.paths) {
      // A root that went away since the start has no directories; the others still have theirs.
      const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
      let listed = 0;
      for (const entry of entries) {
        if (listed >= maxListed) break;
        if (isDotName(entry.name) || entry.name === "node_modules") continue;
        if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
        const path = await this.resolve(join(root, entry.name)).catch(() => undefined);
        if (path === undefined) continue;
        byPath.set(path, describeDirectory(path));
        listed += 1;
      }
    }
    return [...byPath.values()].sort((a, b) => a.name.localeCompare(b.name) || a.path.localeCompare(b.path));
  }

  /**
   * Makes a directory directly under a root; `created` is false when it was there already. `check` may throw when it is not
   * wanted any more: then it is not left.
   */
  async create(
    root: string,
    name: string,
    check: () => void = () => undefined,
  ): Promise<{ project: ProjectDirectory; created: boolean }> {
    const wantedRoot = this.#parse(root);
    const parent = this.#roots.find((known) => known.given === wantedRoot || known.real === wantedRoot)?.real;
    if (parent === undefined) throw forbidden();
    if (!isPlainName(name)) {
      throw new DaylongError(
        "invalid_request",
        "The name must be one path segment that does not begin with a dot.",
        {
          faults: [{ path: "name", message: "must be one path segment that does not begin with a dot" }],
        },
      );
    }
    const path = join(parent, name);
    let created = true;
    try {
      await mkdir(path);
    } catch (cause) {
      if (codeOf(cause) !== "EEXIST") throw cause;
      created = false;
    }
    // An entry that was there already may be a link out of the root, or a file.
    const project = describeDirectory(await this.resolve(path));
    try {
      check();
    } catch (error) {
      if (created) await rmdir(path).catch(() => undefined);
      throw error;
    }
    return { project, created };
  }

  #parse(path: string): string {
    const expanded = expandHome(path, this.#homeDir);
    const tooLong =
      Buffer.byteLength(expanded) > maxPathBytes ||
      expanded.split(sep).some((segment) => Buffer.byteLength(segment) > maxNameBytes);
    if (expanded.includes("\0") || tooLong || !isAbsolute(expanded)) {
      const message = "must be an absolute path (or begin with ~/), of at most 4096 bytes, without NUL";
      throw new DaylongError("invalid_request", `The project path ${message}.`, {
        faults: [{ path: "projectPath", message }],
      });
    }
    return resolve(expanded);
  }

  #allows(real: string): boolean {
    return this.#roots.some((root) => this.#isVisibleInside(root.real, real));
  }

  #refuseOwn(real: string): void {
    if (segmentsBelow(real, this.#realHome) !== undefined) {
      throw new DaylongError(
        "project_forbidden",
        "Neither the home directory nor one that holds it is a project: there are keys and programs in it. Choose a folder in it.",
      );
    }
    const isOpen = this.#openFolders.some((folder) => segmentsBelow(folder, real) !== undefined);
    if (isOpen) return;
    const isIn = segmentsBelow(this.#dataDir, real) !== undefined;
    if (isIn || segmentsBelow(real, this.#dataDir) !== undefined) {
      throw new DaylongError(
        "project_forbidden",
        "This server keeps its own data there, tokens included: neither its data folder nor one that holds it is a project.",
      );
    }
  }

  /** Whether the path as it was written goes through a dot-directory of a root, wherever that may lead. */
  #isHidden(wanted: string): boolean {
    const bases = this.#roots.flatMap((root) => [root.given, root.real]);
    const around = bases.filter((base) => segmentsBelow(base, wanted) !== undefined);
    return around.length > 0 && !around.some((base) => this.#isVisibleInside(base, wanted));
  }

  /**
   * Whether the way from a root to the path goes through no dot-directory, but for the worktrees that the CLI makes in a
   * project (`.claude/worktrees/NAME`). Those of the home directory are the CLI's own: it is no project.
   */
  #isVisibleInside(base: string, path: string): boolean {
    const segments = segmentsBelow(base, path);
    if (segments === undefined) return false;
    const at = segments.findIndex(isDotName);
    if (at < 0) return true;
    const project = join(base, ...segments.slice(0, at));
    const [folder, kind, ...below] = segments.slice(at);
    if (folder !== ".claude" || kind !== "worktrees" || below.length === 0) return false;
    if (project === this.#realHome || project === this.#homeDir) return false;
    return !below.some(isDotName);
  }
}

const isDotName = (name: string): boolean => name.startsWith(".");

const isPlainName = (name: string): boolean =>
  name.length > 0 &&
  name.trim() === name &&
  !isDotName(name) &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  !/[/\\\u0000-\u001f\u007f]/.test(name) &&
  Buffer.byteLength(name) <= maxNameBytes;

const describeDirectory = (path: string): ProjectDirectory => ({
  projectId: projectIdOf(path),
  path,
  name: basename(path) || path,
});

const expandHome = (path: string, homeDir: string): string =>
  path === "~" || path.startsWith(`~${sep}`) ? join(homeDir, path.slice(1)) : path;

/** The names between a directory and a path inside it; `undefined` when it is not inside (`/root-evil` of `/root`). */
function segmentsBelow(base: string, path: string): string[] | undefined {
  const below = relative(base, path);
  if (below === "") return [];
  if (isAbsolute(below)) return undefined;
  const segments = below.split(sep);
  return segments[0] === ".." ? undefined : segments;
}

/**
 * The real path of the deepest part that exists, and the names that are missing below it. `undefined`: cannot be
 * told, or ends in a dangling link, whose target is not ours to speak about.
 */
async function locate(path: string): Promise<{ real: string; missing: string[] } | undefined> {
  const missing: string[] = [];
  for (let current = path; ; current = dirname(current)) {
    try {
      return { real: await realpath(current), missing };
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") return undefined;
      const isDangling = await lstat(current).then(
        (entry) => entry.isSymbolicLink(),
        () => false,
      );
      if (isDangling || dirname(current) === current) return undefined;
      missing.unshift(basename(current));
    }
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const forbidden = (): DaylongError =>
  new DaylongError(
    "project_forbidden",
    "The path is not inside a project root of this server. GET /api/projects lists them.",
  );
const notFound = (cause?: unknown): DaylongError =>
  new DaylongError("project_not_found", "There is no such directory inside the project roots.", { cause });
