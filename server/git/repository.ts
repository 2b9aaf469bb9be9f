import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { withoutTrailing } from "../domain/trimText.ts";
import { readRegular, UnreadableFile } from "./boundedFile.ts";

/** Largest `.git` file, `commondir` and `HEAD`: each holds one path. */
const maxPointerBytes = 8_192;
const maxAlternatesBytes = 64 * 1024;
/** As deep as git follows alternates. */
const maxAlternates = 6;

/** Where the parts of a repository lie, links followed. */
export interface Repository {
  /** The top of the working tree. */
  topDir: string;
  /** HEAD and index; of a linked worktree its own. */
  gitDir: string;
  /** Configuration, references and objects. */
  commonDir: string;
}

export type FoundRepository =
  | { kind: "found"; repository: Repository }
  | { kind: "none" }
  /** A part of it lies outside the roots, or cannot be read. */
  | { kind: "refused" };

/**
 * Finds the repository whose working tree holds the directory, as git does, but looks neither above the roots nor at bare
 * repositories. `roots`: real paths that every part of the repository has to lie in; what the repository's configuration says
 * of its working tree (`core.worktree`) is not asked. `isClosed`: places within the roots in which no part of it may lie.
 */
export async function findRepository(
  directory: string,
  roots: readonly string[],
  isClosed: (path: string) => boolean = () => false,
): Promise<FoundRepository> {
  const isInside = (path: string) => roots.some((root) => holds(root, path)) && !isClosed(path);
  for (let topDir = directory; isInside(topDir); topDir = dirname(topDir)) {
    try {
      const gitDir = await gitDirOf(topDir, isInside);
      if (gitDir !== undefined) {
        const repository = { topDir, gitDir, commonDir: await commonDirOf(gitDir) };
        return (await liesInside(repository, isInside)) ? { kind: "found", repository } : { kind: "refused" };
      }
    } catch {
      // A pointer to nowhere, a directory that may not be entered, a file that is not one.
      return { kind: "refused" };
    }
    if (dirname(topDir) === topDir) break;
  }
  return { kind: "none" };
}

/** Whether a path is the directory or lies in it. */
export function holds(directory: string, path: string): boolean {
  const below = relative(directory, path);
  return below === "" || (!isAbsolute(below) && below.split(sep, 1)[0] !== "..");
}

/** The branch that HEAD names; `undefined` when it is detached, or kept in another way than as a file. */
export async function branchOf({ gitDir }: Repository): Promise<string | undefined> {
  const head = await readRegular(join(gitDir, "HEAD"), maxPointerBytes).catch(() => undefined);
  const name = head?.match(/^ref: refs\/heads\/([^\n]{1,1000})\n?$/)?.[1];
  // With references in tables HEAD holds this name, which no branch can have.
  return name === undefined || name === ".invalid" ? undefined : Buffer.from(name, "latin1").toString();
}

/**
 * The project's branch, from its repository's HEAD: a few small reads, no process. `undefined` without a repository inside the
 * roots, and when HEAD is detached.
 */
export async function gitBranch(
  projectPath: string,
  roots: readonly string[],
  isClosed?: (path: string) => boolean,
): Promise<string | undefined> {
  const found = await findRepository(projectPath, roots, isClosed);
  return found.kind === "found" ? branchOf(found.repository) : undefined;
}

async function gitDirOf(topDir: string, isInside: (path: string) => boolean): Promise<string | undefined> {
  const path = join(topDir, ".git");
  const entry = await lstat(path).catch(unlessMissing);
  if (entry === undefined) return undefined;
  const real = await realpath(path);
  if (!isInside(real)) throw new UnreadableFile("The repository lies outside the roots.");
  // A directory of the name that holds no repository is passed by.
  if ((await stat(real)).isDirectory()) return (await isGitDir(real)) ? real : undefined;
  const pointer = await readRegular(real, maxPointerBytes);
  const target = pointer && /^gitdir: (.+)$/s.exec(withoutTrailing(pointer, "\r\n"))?.[1];
  if (target === undefined) throw new UnreadableFile("The file .git names no directory.");
  return realpath(resolve(topDir, Buffer.from(target, "latin1").toString()));
}

/** Whether a directory has the layout of a repository. */
export async function isGitDir(directory: string): Promise<boolean> {
  const isThere = (name: string) =>
    lstat(join(directory, name)).then(
      () => true,
      () => false,
    );
  if (!(await isThere("HEAD"))) return false;
  return (await isThere("commondir")) || ((await isThere("objects")) && (await isThere("refs")));
}

async function commonDirOf(gitDir: string): Promise<string> {
  const pointer = await readRegular(join(gitDir, "commondir"), maxPointerBytes);
  if (pointer === undefined) return gitDir;
  return realpath(resolve(gitDir, Buffer.from(withoutTrailing(pointer, "\r\n"), "latin1").toString()));
}

/** Whether everything that git reads of a repository lies inside, objects that it borrows from others too. */
async function liesInside(
  { gitDir, commonDir }: Repository,
  isInside: (path: string) => boolean,
): Promise<boolean> {
  const parts = [
    ...["HEAD", "index", "config.worktree"].map((name) => join(gitDir, name)),
    ...["config", "refs", "packed-refs", "objects"].map((name) => join(commonDir, name)),
  ];
  for (const part of [gitDir, commonDir, ...parts]) {
    const real = await realpath(part).catch(unlessMissing);
    if (real !== undefined && !isInside(real)) return false;
  }
  // Git follows links within: the references of one repository and the objects of another would be read as one.
  if (await hasLinkOnTheWay(gitDir, commonDir)) return false;
  const stores = [join(commonDir, "objects")];
  for (const [depth, store] of stores.entries()) {
    if (depth >= maxAlternates || (await hasLinks(store))) return false;
    const listed = await readRegular(join(store, "info", "alternates"), maxAlternatesBytes);
    for (const line of (listed ?? "").split("\n")) {
      if (line === "" || line.startsWith("#")) continue;
      // Quoted names are those with unusual characters: no reason to understand them here.
      if (line.startsWith('"')) return false;
      const real = await realpath(resolve(store, Buffer.from(line, "latin1").toString())).catch(
        unlessMissing,
      );
      if (real === undefined) continue;
      if (!isInside(real)) return false;
      stores.push(real);
    }
  }
  return true;
}

/** Whether a link leads from HEAD to the commit that it names. */
async function hasLinkOnTheWay(gitDir: string, commonDir: string): Promise<boolean> {
  const head = await readRegular(join(gitDir, "HEAD"), maxPointerBytes);
  const name = head?.match(/^ref: ([^\n]+)\n?$/)?.[1];
  for (const base of new Set([gitDir, commonDir])) {
    let path = base;
    for (const part of name === undefined ? [] : Buffer.from(name, "latin1").toString().split("/")) {
      path = join(path, part);
      if ((await lstat(path).catch(unlessMissing))?.isSymbolicLink()) return true;
    }
    if ((await lstat(join(base, "reftable")).catch(unlessMissing))?.isSymbolicLink()) return true;
    if (await holdsLink(join(base, "reftable"))) return true;
  }
  return false;
}

/** Whether a link lies anywhere in a store of objects: its packs, its loose objects, their directories. */
async function hasLinks(store: string): Promise<boolean> {
  if (await holdsLink(store)) return true;
  const names = await readdir(store).catch(unlessMissing);
  for (const name of names ?? []) if (await holdsLink(join(store, name))) return true;
  return false;
}

async function holdsLink(directory: string): Promise<boolean> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(unlessMissing);
  return entries?.some((entry) => entry.isSymbolicLink()) === true;
}

function unlessMissing(error: unknown): undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw error;
}
