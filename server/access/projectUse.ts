import { basename } from "node:path";
import { DaylongError } from "../domain/errors.ts";
import type { Log, Store } from "../domain/ports.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import { type ProjectDirectory, type ProjectRoots, projectIdOf } from "./projectRoots.ts";

/** Sessions read at a time while they are counted. */
const countPage = 500;

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
  const use = useOfSessions(store);
  const past = await history.conversations().catch((error: unknown) => {
    // The list of directories is worth having without it.
    log.warn("history.left_out", { error });
    return [];
  });
  for (const { projectPath, sessionId, lastActivityAt } of past) {
    if (projectPath !== undefined) note(use, projectPath, sessionId, lastActivityAt);
  }
  return use;
}

/** Every project: the directories under the roots, and deeper ones in which something was done. */
export async function allProjects(parts: UseParts): Promise<Array<ProjectDirectory & { use?: ProjectUse }>> {
  const { roots } = parts;
  const use = await projectUse(parts);
  const listed = await roots.directories();
  const known = new Set(listed.map((project) => project.path));
  const deeper: ProjectDirectory[] = [];
  for (const path of use.keys()) {
    if (known.has(path)) continue;
    // A directory that is gone, or outside the roots by now, is no project any more.
    if ((await roots.resolve(path).catch(() => undefined)) !== path) continue;
    deeper.push(describe(path));
  }
  return [...listed, ...deeper].map((project) => ({ ...project, use: use.get(project.path) }));
}

/** A project by its id; throws `project_not_found`. */
export async function findProject(parts: UseParts, projectId: string): Promise<ProjectDirectory> {
  const ofSessions = useOfSessions(parts.store).keys();
  const near =
    (await parts.roots.directories()).find((project) => project.projectId === projectId) ??
    [...ofSessions].map(describe).find((project) => project.projectId === projectId) ??
    // The costly look, at all of Claude's transcripts, comes last.
    (await allProjects(parts)).find((project) => project.projectId === projectId);
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

function useOfSessions(store: UseParts["store"]): Map<string, ProjectUse> {
  const use = new Map<string, ProjectUse>();
  let before: string | undefined;
  do {
    const page = store.sessions.list({ limit: countPage, before });
    for (const { projectPath, sessionId, claudeSessionId, lastActivityAt } of page.sessions)
      note(use, projectPath, claudeSessionId ?? sessionId, lastActivityAt);
    before = page.nextBefore;
  } while (before !== undefined);
  return use;
}

function note(use: Map<string, ProjectUse>, path: string, sessionId: string, lastActivityAt: number): void {
  const current = use.get(path) ?? { sessionIds: new Set(), lastActivityAt };
  current.sessionIds.add(sessionId);
  current.lastActivityAt = Math.max(current.lastActivityAt, lastActivityAt);
  use.set(path, current);
}
