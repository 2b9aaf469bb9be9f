import { basename } from "node:path";
import { setImmediate } from "node:timers/promises";
import { DaylongError } from "../domain/errors.ts";
import { type PageCursor, pageOf } from "../domain/pageCursor.ts";
import type { Log, Store } from "../domain/ports.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import { type ProjectDirectory, type ProjectRoots, projectIdOf } from "./projectRoots.ts";

/** Sessions and conversations looked at in one go: the event loop is held for a millisecond or two. */
const countPage = 1_000;

/** Directories looked up on the disk at once: more would keep its threads from everything else. */
export const lookedUpAtOnce = 16;

/** The use of one project directory: its sessions and conversations, and when it was last worked in. */
export interface ProjectUse {
  sessionIds: Set<string>;
  lastActivityAt: number;
}

interface UseParts {
  store: Pick<Store, "sessions">;
  history: Pick<ClaudeHistory, "conversations">;
  roots: ProjectRoots;
  log: Log;
}

/** The use of each directory by this server's sessions and by Claude's own transcripts, a conversation counted once. */
export async function projectUse({
  store,
  history,
  log,
}: Omit<UseParts, "roots">): Promise<Map<string, ProjectUse>> {
  const use = await useOfSessions(store);
  const past = await history.conversations().catch((error: unknown) => {
    // The list of directories is worth having without it.
    log.warn("history.left_out", { error });
    return [];
  });
  for (const [index, { projectPath, sessionId, lastActivityAt }] of past.entries()) {
    if (index % countPage === countPage - 1) await setImmediate();
    if (projectPath !== undefined) note(use, projectPath, sessionId, lastActivityAt);
  }
  return use;
}

type UsedProject = ProjectDirectory & { use?: ProjectUse };

/**
 * A page of the projects: the directories under the roots, by name, then deeper ones in which something was done, by path.
 * Each of a page is looked up on the disk, so `limit` bounds the work.
 */
export async function projectPage(
  parts: UseParts,
  { begin, limit }: { begin?: PageCursor; limit: number },
): Promise<{ rows: UsedProject[]; nextBefore?: string }> {
  const { roots } = parts;
  const use = await projectUse(parts);
  const listed = await roots.directories();
  const known = new Set(listed.map((project) => project.path));
  const deeper = [...use.keys()].filter((path) => !known.has(path)).sort();
  const candidates: PageCursor[] = [
    ...listed.map(({ path }): PageCursor => [0, path]),
    ...deeper.map((path): PageCursor => [1, path]),
  ];
  const first = begin === undefined ? 0 : startAfter(candidates, begin);
  const found: PageCursor[] = [];
  // A directory that is gone, or outside the roots by now, is no project any more.
  const isThere = async ([rank, path]: PageCursor) =>
    rank === 0 || (await roots.resolve(path).catch(() => undefined)) === path;
  for (let from = first; from < candidates.length && found.length <= limit; from += lookedUpAtOnce) {
    const some = candidates.slice(from, from + lookedUpAtOnce);
    const there = await Promise.all(some.map(isThere));
    found.push(...some.filter((_candidate, index) => there[index]));
  }
  const page = pageOf(found, limit, (cursor) => cursor);
  const rows = page.rows.map(([, path]) => Object.assign(describe(path), { use: use.get(path) }));
  return { rows, nextBefore: page.nextBefore };
}

/** The index after the candidate that ended the last page; directories may have come and gone since. */
function startAfter(candidates: readonly PageCursor[], end: PageCursor): number {
  const next = candidates.findIndex((candidate) => order(candidate, end) > 0);
  return next < 0 ? candidates.length : next;
}

/** The order of a list of projects: `ProjectRoots.directories`, then the deeper ones by path. */
function order([rank, path]: PageCursor, [otherRank, other]: PageCursor): number {
  if (rank !== otherRank) return rank - otherRank;
  if (rank === 0) return basename(path).localeCompare(basename(other)) || path.localeCompare(other);
  return path < other ? -1 : Number(path > other);
}

/** A project by its id; throws `project_not_found`. */
export async function findProject(parts: UseParts, projectId: string): Promise<ProjectDirectory> {
  const isIt = (project: ProjectDirectory) => project.projectId === projectId;
  const near =
    (await parts.roots.directories()).find(isIt) ??
    [...(await useOfSessions(parts.store)).keys()].map(describe).find(isIt) ??
    // The costly look, at all of Claude's transcripts, comes last.
    [...(await projectUse(parts)).keys()].map(describe).find(isIt);
  // Directories are moved and swapped for links, roots are narrowed.
  const isAllowed = near && (await parts.roots.resolve(near.path).catch(() => undefined)) === near.path;
  if (near === undefined || !isAllowed)
    throw new DaylongError(
      "project_not_found",
      "There is no project with this id. GET /api/projects lists them.",
    );
  return near;
}

const describe = (path: string): ProjectDirectory => ({
  projectId: projectIdOf(path),
  path,
  name: basename(path) || path,
});

async function useOfSessions(store: UseParts["store"]): Promise<Map<string, ProjectUse>> {
  const use = new Map<string, ProjectUse>();
  for (let row = 0; ; ) {
    const page = store.sessions.uses(row, countPage);
    for (const { projectPath, conversationId, lastActivityAt } of page)
      note(use, projectPath, conversationId, lastActivityAt);
    const last = page.at(-1);
    if (last === undefined || page.length < countPage) return use;
    row = last.row;
    await setImmediate();
  }
}

function note(use: Map<string, ProjectUse>, path: string, sessionId: string, lastActivityAt: number): void {
  const current = use.get(path) ?? { sessionIds: new Set(), lastActivityAt };
  current.sessionIds.add(sessionId);
  current.lastActivityAt = Math.max(current.lastActivityAt, lastActivityAt);
  use.set(path, current);
}
