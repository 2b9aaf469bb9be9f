/** Why a project's changes cannot be read. `refused`: the repository lies outside the roots, is another user's, or is damaged. */
export const noRepositoryReasons = ["no_git", "not_a_repository", "refused"] as const;
export type NoRepositoryReason = (typeof noRepositoryReasons)[number];

export const changeStates = ["added", "modified", "deleted", "renamed", "untracked", "conflicted"] as const;
export type ChangeState = (typeof changeStates)[number];

/** A file of the working tree that differs from the last commit. Paths are relative to the project's directory. */
export interface ChangedFile {
  /** Bytes that are not UTF-8 are written `\xNN`. */
  path: string;
  state: ChangeState;
  /** Of a renamed file. */
  oldPath?: string;
  /** Lines; absent for binary and filtered files. */
  insertions?: number;
  deletions?: number;
  binary: boolean;
  /** A filter of the repository's configuration stands between the file and what is committed: it is not run, so not compared. */
  filtered?: true;
}

/** The project's working tree compared with the last commit. */
export interface RepositoryChanges {
  isRepository: boolean;
  reason?: NoRepositoryReason;
  /** Absent when HEAD is detached. */
  branch?: string;
  /** Commits that the branch and its upstream do not share. */
  upstream?: { ahead: number; behind: number };
  files: ChangedFile[];
  /** There are more files than are listed. */
  truncated: boolean;
}

/** The unified diff of one file; empty for a file without changes, and for one that is not compared. */
export interface FileDiff {
  path: string;
  diff: string;
  truncated: boolean;
  filtered?: true;
}

export interface ChangesRequest {
  projectPath: string;
  /** The device that asks: each has a share of the processes that read repositories. */
  deviceId: string;
  /** Ends the work when it aborts. */
  signal: AbortSignal;
}

/**
 * Reads what changed in projects. Nothing that a repository's configuration or attributes name is run, nothing is fetched and
 * nothing written. Refuses with `project_forbidden`, `rate_limited`, `changes_timed_out`, or `shutting_down` when the signal aborts.
 */
export interface ProjectChanges {
  list(request: ChangesRequest): Promise<RepositoryChanges>;
  /** Refuses also with `changes_unavailable` where `list` says that there is no repository. */
  diff(request: ChangesRequest, path: string): Promise<FileDiff>;
}
