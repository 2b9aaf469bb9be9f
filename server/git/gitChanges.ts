import { join } from "node:path";
import { unlessAborted } from "../domain/deadline.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import type {
  ChangedFile,
  ChangeState,
  ChangesRequest,
  FileDiff,
  NoRepositoryReason,
  ProjectChanges,
  RepositoryChanges,
} from "../domain/sessions/changes.ts";
import { UnreadableFile } from "./boundedFile.ts";
import { ConcurrencyLimit } from "./concurrencyLimit.ts";
import { type BytePath, type DiffRecord, diffText, displayPath } from "./diffRecords.ts";
import type { GitProgram } from "./gitProgram.ts";
import { IsolatedRepository } from "./isolatedRepository.ts";
import { branchOf, findRepository, type Repository } from "./repository.ts";
import { GitFailure, WorkingTree } from "./workingTree.ts";

/** Most files of a list: a longer one is of no use on a phone. */
const maxFiles = 2_000;
/** Largest diff of a file (docs/api.md: 256 KiB). */
const maxDiffBytes = 256 * 1024;
/** Until an answer is given up, waiting for a place included. */
const deadlineMs = 15_000;
/** A long history may take this long to count; the list then comes without. */
const upstreamDeadlineMs = 3_000;
/** Each request runs one git at a time. */
const bounds = { running: 4, runningOfDevice: 2, heldOfDevice: 8 };

export interface GitChangesParts {
  program: GitProgram;
  clock: Clock;
  log: Log;
  /**
   * The directories in which the project's repository has to lie; rejects with `project_forbidden` or `project_not_found` for a
   * project that may not be read any more.
   */
  rootsOf(projectPath: string): Promise<readonly string[]>;
  /**
   * The places that nobody is shown through a project, wherever it lies: tells of a path, whose links are followed, whether it
   * is one. Looked up for each request.
   */
  closedPlaces(projectPath: string): Promise<(path: string) => boolean>;
}

/** Whether a file of the project, by its path in it, may be shown. */
type IsShown = (file: { path: string; oldPath?: string }) => boolean;

interface OpenTree {
  isShown: IsShown;
  repository: Repository;
  tree: WorkingTree;
  signal: AbortSignal;
}

/** Reads a project's changes by git, each request within its deadline and its device's share. */
export class GitChanges implements ProjectChanges {
  readonly #parts: GitChangesParts;
  readonly #limit = new ConcurrencyLimit(bounds);

  constructor(parts: GitChangesParts) {
    this.#parts = parts;
  }

  /** Removes what servers that were killed left of their reading. */
  sweep(): Promise<void> {
    return IsolatedRepository.sweep();
  }

  list(request: ChangesRequest): Promise<RepositoryChanges> {
    return this.#read(request, (open) => this.#list(open), noRepository);
  }

  diff(request: ChangesRequest, path: string): Promise<FileDiff> {
    return this.#read(
      request,
      async ({ tree, isShown }) =>
        isShown({ path }) ? diffOf(tree, path, isShown) : { path, diff: "", truncated: false },
      (reason) => {
        throw new DaylongError("changes_unavailable", unavailable[reason]);
      },
    );
  }

  /** Opens the project's working tree for the work; `without` answers where there is none that may be read. */
  async #read<T>(
    request: ChangesRequest,
    work: (open: OpenTree) => Promise<T>,
    without: (reason: NoRepositoryReason) => T,
  ): Promise<T> {
    const over = new AbortController();
    const cancel = this.#parts.clock.after(deadlineMs, () =>
      over.abort(
        new DaylongError("changes_timed_out", `Git did not answer within ${deadlineMs / 1000} seconds.`),
      ),
    );
    const give = () => over.abort(new DaylongError("shutting_down", "The request was given up."));
    if (request.signal.aborted) give();
    else request.signal.addEventListener("abort", give, { once: true });
    try {
      const reading = this.#limit.run(request.deviceId, over.signal, () =>
        this.#open(request.projectPath, over.signal, work, without),
      );
      // A disk that does not answer holds git, and its place, for longer than the caller.
      return await unlessAborted(reading, over.signal);
    } finally {
      request.signal.removeEventListener("abort", give);
      cancel();
    }
  }

  async #open<T>(
    projectPath: string,
    signal: AbortSignal,
    work: (open: OpenTree) => Promise<T>,
    without: (reason: NoRepositoryReason) => T,
  ): Promise<T> {
    const { program, log } = this.#parts;
    const roots = await this.#parts.rootsOf(projectPath);
    if ((await program.locate()) === undefined) return without("no_git");
    const isClosed = await this.#parts.closedPlaces(projectPath);
    const isShown: IsShown = ({ path, oldPath }) =>
      [path, oldPath].every((one) => one === undefined || !isClosed(join(projectPath, one)));
    const found = await findRepository(projectPath, roots, isClosed);
    if (found.kind !== "found") return without(found.kind === "none" ? "not_a_repository" : "refused");
    const { repository } = found;
    let tree: WorkingTree | undefined;
    try {
      tree = await WorkingTree.open({ program, repository, projectPath, signal });
      if (tree === undefined) return without("not_a_repository");
      return await work({ repository, tree, signal, isShown });
    } catch (error) {
      if (!(error instanceof GitFailure || error instanceof UnreadableFile)) throw error;
      log.warn("changes.unreadable", {
        projectPath,
        command: error instanceof GitFailure ? error.command : undefined,
        exitCode: error instanceof GitFailure ? error.exitCode : undefined,
        error: error.message,
      });
      return without("refused");
    } finally {
      await tree?.close();
    }
  }

  async #list({ repository, tree, signal, isShown }: OpenTree): Promise<RepositoryChanges> {
    const branch = await branchOf(repository);
    const upstream = branch === undefined ? undefined : await this.#upstream(tree, signal);
    const { files, truncated } = await filesOf(tree, isShown);
    return { isRepository: true, branch, upstream, files, truncated };
  }

  async #upstream(tree: WorkingTree, signal: AbortSignal) {
    const over = new AbortController();
    const abort = () => over.abort();
    signal.addEventListener("abort", abort, { once: true });
    const cancel = this.#parts.clock.after(upstreamDeadlineMs, abort);
    try {
      return await tree.upstream(over.signal);
    } catch (error) {
      if (!over.signal.aborted || signal.aborted) throw error;
      return undefined;
    } finally {
      signal.removeEventListener("abort", abort);
      cancel();
    }
  }
}

const noRepository = (reason: NoRepositoryReason): RepositoryChanges => ({
  isRepository: false,
  reason,
  files: [],
  truncated: false,
});

const unavailable: Record<NoRepositoryReason, string> = {
  no_git: "There is no git on the computer that the server runs on.",
  not_a_repository: "The project is in no git repository.",
  refused:
    "The project's repository is not read: it lies outside the project roots, is another user's, or is damaged.",
};

async function filesOf(
  tree: WorkingTree,
  isShown: IsShown,
): Promise<Pick<RepositoryChanges, "files" | "truncated">> {
  const changed = await tree.changed(true);
  const conflicted = await tree.conflicted();
  const untracked = await tree.untracked();
  const files = new Map<BytePath, ChangedFile>();
  for (const record of changed.records) files.set(record.path, changedFile(record, stateOf(record.status)));
  for (const path of untracked.paths) files.set(path, untrackedFile(path));
  for (const path of conflicted) {
    const file = files.get(path) ?? untrackedFile(path);
    files.set(path, { ...file, state: "conflicted" });
  }
  for (const [path, file] of files) if (!isShown(file)) files.delete(path);
  const listed = [...files].sort(([, a], [, b]) => (a.path < b.path ? -1 : 1)).slice(0, maxFiles);
  const unknown = listed.filter(([, { state }]) => state === "untracked").map(([path]) => path);
  const counted = await tree.countUntracked(unknown);
  const filtered = await tree.filtered(listed.map(([path]) => path));
  return {
    files: listed.map(([path, file]) => {
      const { path: shown, state, oldPath } = file;
      if (filtered.has(path)) return { path: shown, state, oldPath, binary: false, filtered: true };
      const record = state === "untracked" ? counted.get(path) : undefined;
      return record === undefined ? file : changedFile(record, state);
    }),
    truncated: changed.isCut || untracked.isCut || listed.length < files.size,
  };
}

async function diffOf(tree: WorkingTree, path: string, isShown: IsShown): Promise<FileDiff> {
  const { records } = await tree.changed(false);
  const { paths } = await tree.untracked();
  const isAsked = (candidate: BytePath) => displayPath(candidate) === path;
  // A file that was taken out of the index and is still there is one that git does not track.
  const untracked = paths.find(isAsked);
  const record = records.find((one) => isAsked(one.path));
  const found = untracked ?? record?.path;
  const oldPath = record?.oldPath === undefined ? undefined : displayPath(record.oldPath);
  if (found === undefined || !isShown({ path, oldPath })) return { path, diff: "", truncated: false };
  if ((await tree.filtered([found])).has(found)) return { path, diff: "", truncated: false, filtered: true };
  const { stdout, isCut } =
    // The last commit has no side of a conflict of this kind: what lies there is new.
    untracked !== undefined || record === undefined || record.status === "U"
      ? await tree.diffOfUntracked(found, maxDiffBytes)
      : await tree.diffOf(record, maxDiffBytes);
  return { path, ...diffText(stdout, isCut, maxDiffBytes) };
}

const changedFile = (record: DiffRecord, state: ChangeState): ChangedFile => ({
  path: displayPath(record.path),
  state,
  oldPath: record.oldPath === undefined ? undefined : displayPath(record.oldPath),
  insertions: record.insertions,
  deletions: record.deletions,
  binary: record.isBinary,
});

const untrackedFile = (path: BytePath): ChangedFile => ({
  path: displayPath(path),
  state: "untracked",
  binary: false,
});

function stateOf(status: string): ChangeState {
  switch (status) {
    case "A":
      return "added";
    case "D":
      return "deleted";
    case "R":
      return "renamed";
    case "U":
      return "conflicted";
    default:
      return "modified";
  }
}
