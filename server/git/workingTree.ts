import { stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { parseConfigList, type ReadingSettings, readingSettings } from "./configuration.ts";
import { type BytePath, bytePath, type DiffRecord, itemsOf, parseDiffRecords } from "./diffRecords.ts";
import type { GitCommand, GitOutput, GitProgram } from "./gitProgram.ts";
import { IsolatedRepository } from "./isolatedRepository.ts";
import type { Repository } from "./repository.ts";

/** The tree without files, which git knows without an object. */
const emptyTrees = {
  sha1: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  sha256: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
} as const;
const objectIdPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

const maxConfigBytes = 4 * 1024 * 1024;
const maxAnswerBytes = 1024;
const maxRecordBytes = 8 * 1024 * 1024;
/** Pairs of files that are compared to find renames; with more, a rename is an added and a deleted file. */
const renameLimit = 200;

/** Options of every diff: nothing that attributes ask for is run, submodules are compared by their commits only. */
const plainDiff = [
  ...["diff", "--no-color", "--no-ext-diff", "--no-textconv", "--submodule=short", "--relative"],
  ...["--ignore-submodules=dirty", `--find-renames`, `-l${renameLimit}`],
];

/** Git answered with an exit code that says it could not read the repository. */
export class GitFailure extends Error {
  override readonly name = "GitFailure";
  readonly command: string;
  readonly exitCode: number | undefined;

  constructor(command: string, { exitCode, stderr }: GitOutput) {
    super(stderr.trim() || "no reason given");
    this.command = command;
    this.exitCode = exitCode;
  }
}

export interface WorkingTreeParts {
  program: GitProgram;
  repository: Repository;
  projectPath: string;
  signal: AbortSignal;
}

/**
 * The working tree of a repository, as git's plumbing sees it from a project's directory. References and configuration are asked of
 * the repository itself, by commands that look at nothing else; files are compared through an `IsolatedRepository`.
 */
export class WorkingTree {
  readonly settings: ReadingSettings;
  /** The last commit; `undefined` when there is none yet. */
  readonly head: string | undefined;
  readonly #parts: WorkingTreeParts;
  readonly #isolated: IsolatedRepository;

  private constructor(
    parts: WorkingTreeParts,
    settings: ReadingSettings,
    head: string | undefined,
    isolated: IsolatedRepository,
  ) {
    this.#parts = parts;
    this.settings = settings;
    this.head = head;
    this.#isolated = isolated;
  }

  /** `undefined` for a repository without a working tree. Throws `GitFailure`, `UnreadableFile`, or the signal's reason. */
  static async open(parts: WorkingTreeParts): Promise<WorkingTree | undefined> {
    const { program, repository, signal } = parts;
    const { topDir, gitDir, commonDir } = repository;
    await refuseStrangers(parts);
    const direct = {
      program,
      cwd: topDir,
      environment: { GIT_DIR: gitDir, GIT_WORK_TREE: topDir },
      signal,
    };
    const listed = await ask(direct, ["config", "--list", "-z", "--show-scope"], {
      maxBytes: maxConfigBytes,
    });
    const settings = readingSettings(parseConfigList(listed.stdout.toString(), true), program);
    // A linked worktree has files also where the repository itself is bare.
    if (settings.isBare && gitDir === commonDir) return undefined;
    const found = await ask(direct, ["rev-parse", "--verify", "-q", "HEAD"], { codes: [0, 1] });
    const head = objectIdOf(found);
    const isolated = await IsolatedRepository.open({ topDir, repository, settings, head });
    return new WorkingTree(parts, settings, head, isolated);
  }

  close(): Promise<void> {
    return this.#isolated.close();
  }

  /** Files that differ from the last commit, those that git does not track left out. */
  async changed(isCounted: boolean): Promise<{ records: DiffRecord[]; isCut: boolean }> {
    const base = this.head ?? emptyTrees[this.settings.objectFormat];
    const form = ["--raw", "-z", "--no-abbrev", ...(isCounted ? ["--numstat"] : [])];
    const { stdout, isCut } = await this.#ask([...plainDiff, ...form, base, "--"], {
      maxBytes: maxRecordBytes,
    });
    return { records: parseDiffRecords(stdout), isCut };
  }

  /** Files that git does not track and that are not ignored. A repository within is one, and its name ends with a slash. */
  async untracked(): Promise<{ paths: BytePath[]; isCut: boolean }> {
    const args = ["ls-files", "--others", "--exclude-standard", "-z"];
    const { stdout, isCut } = await this.#ask(args, { maxBytes: maxRecordBytes });
    return { paths: itemsOf(stdout), isCut };
  }

  /** Files whose merge has conflicts. */
  async conflicted(): Promise<Set<BytePath>> {
    const { stdout } = await this.#ask(["ls-files", "--unmerged", "-z"], { maxBytes: maxRecordBytes });
    return new Set(itemsOf(stdout).map((item) => item.slice(item.indexOf("\t") + 1)));
  }

  /** Lines of files that git does not track. */
  async countUntracked(paths: readonly BytePath[]): Promise<Map<BytePath, DiffRecord>> {
    const files = paths.filter((path) => !path.endsWith("/"));
    if (files.length === 0) return new Map();
    await this.#selectAdded(files);
    const { stdout } = await this.#askSelection([...plainDiff, "--raw", "-z", "--no-abbrev", "--numstat"], {
      maxBytes: maxRecordBytes,
    });
    return new Map(parseDiffRecords(stdout).map((record) => [record.path, record]));
  }

  /** Of these files, those that a defined filter stands before. */
  async filtered(paths: readonly BytePath[]): Promise<Set<BytePath>> {
    const { filters } = this.settings;
    if (filters.size === 0 || paths.length === 0) return new Set();
    const { stdout } = await this.#ask(["check-attr", "-z", "--stdin", "filter"], {
      maxBytes: maxRecordBytes,
      stdin: listOf(paths),
    });
    const items = itemsOf(stdout);
    const found = new Set<BytePath>();
    for (let at = 0; at + 2 < items.length; at += 3) {
      const [path = "", , filter = ""] = items.slice(at, at + 3);
      if (filters.has(filter)) found.add(path);
    }
    return found;
  }

  /** The unified diff of one changed file. */
  async diffOf(record: DiffRecord, maxBytes: number): Promise<GitOutput> {
    const { oldMode, oldObjectId, oldPath, path } = record;
    if (record.status !== "A") {
      const entry = `${oldMode} ${oldObjectId}\t${this.#prefix()}${oldPath ?? path}\0`;
      await this.#askSelection(["update-index", "-z", "--index-info"], {
        stdin: Buffer.from(entry, "latin1"),
      });
    }
    if (record.status === "A" || oldPath !== undefined) await this.#selectAdded([path]);
    return this.#askSelection([...plainDiff, "--patch"], { maxBytes });
  }

  /** The unified diff of a file that git does not track. */
  async diffOfUntracked(path: BytePath, maxBytes: number): Promise<GitOutput> {
    await this.#selectAdded([path]);
    return this.#askSelection([...plainDiff, "--patch"], { maxBytes });
  }

  /** Commits that the branch and its upstream do not share; `undefined` without an upstream. */
  async upstream(signal: AbortSignal): Promise<{ ahead: number; behind: number } | undefined> {
    const { program, repository } = this.#parts;
    const { topDir, gitDir } = repository;
    if (this.head === undefined) return undefined;
    const direct = { program, cwd: topDir, environment: { GIT_DIR: gitDir, GIT_WORK_TREE: topDir }, signal };
    const args = ["rev-parse", "--verify", "-q", "@{upstream}"];
    const upstream = objectIdOf(await ask(direct, args, { codes: [0, 1, 128] }));
    if (upstream === undefined) return undefined;
    if (upstream === this.head) return { ahead: 0, behind: 0 };
    const range = `${this.head}...${upstream}`;
    const counted = await this.#ask(["rev-list", "--count", "--left-right", range, "--"], {
      signal,
      // A history that is cut off, or kept elsewhere, cannot be counted.
      codes: [0, 128],
    });
    const [, ahead, behind] = counted.stdout.toString().match(/^(\d+)\t(\d+)\n$/) ?? [];
    return ahead === undefined ? undefined : { ahead: Number(ahead), behind: Number(behind) };
  }

  /** The files become the whole of the selection, as files that are to be added, whose content is not read yet. */
  async #selectAdded(paths: readonly BytePath[]): Promise<void> {
    const args = ["add", "--intent-to-add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"];
    // A file that has gone since it was listed fails all of them: they are shown without figures.
    await this.#askSelection(args, { stdin: listOf(paths), codes: [0, 1, 128] });
  }

  #askSelection(args: readonly string[], asked: Asked = {}): Promise<GitOutput> {
    return this.#ask(args, asked, { GIT_INDEX_FILE: this.#isolated.selectionPath });
  }

  #ask(args: readonly string[], asked: Asked = {}, environment: Record<string, string> = {}) {
    const { program, projectPath, signal } = this.#parts;
    const place = {
      program,
      cwd: projectPath,
      environment: { ...this.#isolated.environment, ...environment },
      signal,
    };
    return ask(place, args, asked);
  }

  /** From the top of the working tree to the project. */
  #prefix(): BytePath {
    const { repository, projectPath } = this.#parts;
    const below = relative(repository.topDir, projectPath);
    return below === "" ? "" : `${bytePath(below)}/`;
  }
}

interface Asked {
  maxBytes?: number;
  stdin?: Buffer;
  signal?: AbortSignal;
  /** Exit codes that are answers. */
  codes?: readonly number[];
}

/** Runs a command and throws `GitFailure` for an exit code that is no answer. */
async function ask(
  place: Pick<GitCommand, "cwd" | "environment" | "signal"> & { program: GitProgram },
  args: readonly string[],
  { maxBytes = maxAnswerBytes, stdin, signal = place.signal, codes = [0] }: Asked = {},
): Promise<GitOutput> {
  const { program, cwd, environment } = place;
  const output = await program.run({ args, cwd, environment, maxBytes, stdin, signal });
  const isAnswer = output.exitCode === undefined || codes.includes(output.exitCode);
  if (!isAnswer) throw new GitFailure(args[0] ?? "", output);
  return output;
}

/**
 * Git does not read a repository of another user unless the owner's configuration says so (`safe.directory`), but only where it
 * looks for the repository by itself. It is asked to, where the owner differs. Throws `GitFailure`.
 */
async function refuseStrangers({ program, repository, signal }: WorkingTreeParts): Promise<void> {
  const { topDir, gitDir } = repository;
  const own = process.geteuid?.();
  const owners = await Promise.all([topDir, join(topDir, ".git"), gitDir].map((path) => stat(path)));
  if (owners.every(({ uid }) => uid === own)) return;
  await ask({ program, cwd: topDir, environment: {}, signal }, ["rev-parse", "--git-dir"], {
    maxBytes: 8_192,
  });
}

function objectIdOf({ exitCode, stdout }: GitOutput): string | undefined {
  const objectId = stdout.toString().trimEnd();
  return exitCode === 0 && objectIdPattern.test(objectId) ? objectId : undefined;
}

const listOf = (paths: readonly BytePath[]): Buffer =>
  Buffer.from(paths.map((path) => `${path}\0`).join(""), "latin1");
