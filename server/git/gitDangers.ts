import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { Clock } from "../domain/ports.ts";
import { readRegular } from "./boundedFile.ts";
import { parseConfigList, readingSettings } from "./configuration.ts";
import { driversNamed, includesOf, namesProgram } from "./dangerRules.ts";
import { itemsOf } from "./diffRecords.ts";
import type { GitProgram } from "./gitProgram.ts";
import { IsolatedRepository } from "./isolatedRepository.ts";
import { findRepository, isGitDir, type Repository } from "./repository.ts";

const deadlineMs = 10_000;
const maxConfigBytes = 4 * 1024 * 1024;
const maxAttributesBytes = 1024 * 1024;
const maxListBytes = 8 * 1024 * 1024;
/** Most files of each kind that are looked into; a project with more is not judged to be free of dangers. */
const maxFiles = 500;
const maxReasons = 20;

export interface GitDangersParts {
  program: GitProgram;
  clock: Clock;
}

/**
 * Judges whether `git`, run in the project, would start programs that a repository there names: in its configuration (the shared
 * one, that of a worktree, what they include), in those of submodules and of other repositories within the project, and in attributes. The reasons are short phrases for people; none: nothing was found, or there is no git to run. What cannot be
 * read or looked through in time is a reason too. Never rejects.
 */
export async function gitDangers(
  projectPath: string,
  { program, clock }: GitDangersParts,
): Promise<string[]> {
  if ((await program.locate()) === undefined) return [];
  const over = new AbortController();
  const cancel = clock.after(deadlineMs, () => over.abort());
  const search = new DangerSearch(program, over.signal);
  try {
    await search.look(projectPath);
  } catch {
    search.reasons.add(
      over.signal.aborted
        ? "the project could not be looked through in time"
        : "a repository in the project cannot be read",
    );
  } finally {
    cancel();
  }
  return [...search.reasons].slice(0, maxReasons);
}

/** One search through a project; a directory and a file are looked into once. */
class DangerSearch {
  readonly reasons = new Set<string>();
  readonly #program: GitProgram;
  readonly #signal: AbortSignal;
  readonly #seen = new Set<string>();
  #looked = 0;

  constructor(program: GitProgram, signal: AbortSignal) {
    this.#program = program;
    this.#signal = signal;
  }

  /** The repository that git would find from the directory, and what lies in the directory. */
  async look(directory: string): Promise<void> {
    // Git goes up to the top of the file system.
    const found = await findRepository(directory, ["/"]);
    if (found.kind === "refused") throw new Error("The repository cannot be read.");
    const repository = found.kind === "found" ? found.repository : undefined;
    const bare = await bareAround(directory, repository?.topDir);
    if (bare !== undefined) await this.#config(join(bare, "config"));
    if (repository) await this.#repository(repository);
    await this.#contents(directory, repository);
  }

  async #repository({ gitDir, commonDir }: Repository): Promise<void> {
    if (!this.#isNew(gitDir)) return;
    await this.#config(join(commonDir, "config"));
    await this.#config(join(gitDir, "config.worktree"));
    const attributes = await realpath(join(commonDir, "info", "attributes")).catch(() => undefined);
    if (attributes !== undefined) await this.#attributes(attributes);
    // `git status` of the whole asks each submodule's own git.
    for (const modules of new Set([join(commonDir, "modules"), join(gitDir, "modules")]))
      await this.#modules(modules);
  }

  /** Git directories of submodules, which lie at the paths that the submodules have. */
  async #modules(directory: string): Promise<void> {
    if (!this.#isNew(directory)) return;
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const path = join(directory, entry.name);
      if (await isGitDir(path)) await this.#repository({ topDir: path, gitDir: path, commonDir: path });
      else await this.#modules(path);
    }
  }

  /** Repositories and attributes below a directory, found by a git that reads no configuration of theirs. */
  async #contents(directory: string, repository: Repository | undefined): Promise<void> {
    const listed =
      repository === undefined ? [] : await this.#entriesOf(join(repository.commonDir, "config"));
    const settings = readingSettings(listed, this.#program);
    const topDir = repository?.topDir ?? directory;
    const isolated = await IsolatedRepository.open({ topDir, repository, settings });
    const list = async (args: readonly string[], wants: (item: string) => boolean) => {
      const { exitCode, stdout } = await this.#program.run({
        args: ["ls-files", "-z", ...args],
        cwd: directory,
        environment: isolated.environment,
        maxBytes: maxListBytes,
        signal: this.#signal,
        wants,
      });
      if (exitCode !== 0) throw new Error("The project's files cannot be listed.");
      return itemsOf(stdout);
    };
    try {
      const tracked = await list(["--stage"], (item) => item.startsWith("160000 ") || isOfInterest(item));
      const others = await list(["--others"], (item) => item.endsWith("/") || isOfInterest(item));
      const found = [
        ...tracked.map((item) => ({
          path: item.slice(item.indexOf("\t") + 1),
          isRepository: item.startsWith("160000 "),
          objectId: item.split(" ", 2)[1],
        })),
        ...others.map((path) => ({ path, isRepository: path.endsWith("/"), objectId: undefined })),
      ];
      for (const { path: bytes, isRepository, objectId } of found) {
        const path = join(directory, Buffer.from(bytes, "latin1").toString());
        if (isRepository) await this.#nested(resolve(path));
        else if (basename(path) !== ".gitattributes") await this.#embedded(dirname(path));
        else if (!(await this.#attributes(path)) && objectId !== undefined)
          // Git falls back to the committed file.
          this.#judgeAttributes(await this.#blob(objectId, directory, isolated));
      }
    } finally {
      await isolated.close();
    }
  }

  async #nested(directory: string): Promise<void> {
    const found = await findRepository(directory, [directory, "/"]);
    if (found.kind === "refused") throw new Error("A repository cannot be read.");
    // A submodule that is not checked out has nothing here: its surroundings are being looked at.
    if (found.kind !== "found" || found.repository.topDir !== (await realpath(directory))) return;
    if (this.#seen.has(found.repository.gitDir)) return;
    await this.#repository(found.repository);
    await this.#contents(directory, found.repository);
  }

  /** A bare repository among a project's files: git takes it for the repository when it is run there. */
  async #embedded(directory: string): Promise<void> {
    if (await isGitDir(directory))
      await this.#repository({ topDir: directory, gitDir: directory, commonDir: directory });
  }

  async #config(path: string, depth = 0): Promise<void> {
    if (!this.#isNew(path)) return;
    const entries = await this.#entriesOf(path);
    for (const { key, value } of entries)
      if (namesProgram(key, value)) this.reasons.add(`its configuration sets ${printable(key)}`);
    const { homeDir } = this.#program;
    for (const include of includesOf(entries)) {
      const target = include.startsWith("~/")
        ? join(homeDir, include.slice(2))
        : resolve(dirname(path), include);
      // Deeper than git itself follows.
      if (depth < 10) await this.#config(target, depth + 1);
    }
  }

  async #entriesOf(path: string) {
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) return [];
    // Not a pipe, which would hold git: links are followed, as git follows them.
    await readRegular(await realpath(path), maxConfigBytes);
    const { exitCode, stdout } = await this.#program.run({
      args: ["config", "--file", path, "--list", "-z", "--no-includes"],
      cwd: "/",
      // No repository is to be found.
      environment: { GIT_DIR: "/dev/null" },
      maxBytes: maxConfigBytes,
      signal: this.#signal,
    });
    if (exitCode !== 0) throw new Error("A configuration cannot be read.");
    return parseConfigList(stdout.toString(), false);
  }

  /** False when there is no such file. */
  async #attributes(path: string): Promise<boolean> {
    if (!this.#isNew(path)) return true;
    const entry = await lstat(path).catch(() => undefined);
    // Git does not follow a link of this name among a project's files.
    if (entry === undefined || entry.isSymbolicLink()) return entry !== undefined;
    this.#judgeAttributes((await readRegular(path, maxAttributesBytes)) ?? "");
    return true;
  }

  async #blob(objectId: string, cwd: string, isolated: IsolatedRepository): Promise<string> {
    const { stdout } = await this.#program.run({
      args: ["cat-file", "blob", objectId],
      cwd,
      environment: isolated.environment,
      maxBytes: maxAttributesBytes,
      signal: this.#signal,
    });
    return stdout.toString("latin1");
  }

  #judgeAttributes(text: string): void {
    for (const driver of driversNamed(text)) this.reasons.add(`its attributes name ${printable(driver)}`);
  }

  #isNew(path: string): boolean {
    if (this.#seen.has(path)) return false;
    this.#seen.add(path);
    this.#looked += 1;
    if (this.#looked > maxFiles) throw new Error("There are too many repositories and attributes.");
    this.#signal.throwIfAborted();
    return true;
  }
}

/** Files by which a bare repository, or attributes, are found among others. */
const isOfInterest = (item: string): boolean => /(?:^|[\t/])(?:HEAD|\.gitattributes)$/.test(item);

/** The bare repository in which a directory lies, unless a working tree below it holds the directory. */
async function bareAround(directory: string, topDir: string | undefined): Promise<string | undefined> {
  for (let at = directory; at !== topDir; at = dirname(at)) {
    if ((await isGitDir(at)) && (await hasConfig(at))) return at;
    if (dirname(at) === at) return undefined;
  }
  return undefined;
}

const hasConfig = (directory: string): Promise<boolean> =>
  readFile(join(directory, "config")).then(
    () => true,
    () => false,
  );

/** Names out of a repository are words of strangers: control characters are left out, and they are cut. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, "?").slice(0, 80);
