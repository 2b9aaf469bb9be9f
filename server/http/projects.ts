import { basename } from "node:path";
import { z } from "zod";
import { type ProjectDirectory, projectIdOf } from "../access/roots.ts";
import type { Store } from "../domain/ports.ts";
import { textSchema } from "../wire/text.ts";
import type { HttpParts } from "./parts.ts";
import { defineRoute, json, type Route } from "./route.ts";

/** Sessions read at a time while they are counted. */
const countPage = 500;

/** The directories Claude can work in. */
export function projectRoutes({ store, roots, access }: HttpParts): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/projects",
      scope: "read",
      summary: "The project roots, the directories in them, and deeper ones that have sessions.",
      async handle() {
        const use = useByPath(store);
        const listed = await roots.directories();
        const known = new Set(listed.map((project) => project.path));
        const deeper: ProjectDirectory[] = [];
        for (const path of use.keys()) {
          if (known.has(path)) continue;
          // A directory that is gone, or outside the roots by now, is no project any more.
          if ((await roots.resolve(path).catch(() => undefined)) !== path) continue;
          deeper.push({ projectId: projectIdOf(path), path, name: basename(path) || path });
        }
        const projects = [...listed, ...deeper].map((project) => ({
          ...project,
          sessionCount: use.get(project.path)?.sessionCount ?? 0,
          lastActivityAt: use.get(project.path)?.lastActivityAt ?? null,
        }));
        return json({ roots: roots.paths, projects });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/projects",
      scope: "chat",
      summary: "Make a directory under a root; 200 when it was there already.",
      body: z.object({ root: textSchema.min(1).max(4096), name: textSchema.min(1).max(255) }),
      async handle({ body, caller }) {
        const { project, created } = await access.createProject(body.root, body.name, caller);
        const use = useByPath(store).get(project.path);
        const view = {
          ...project,
          sessionCount: use?.sessionCount ?? 0,
          lastActivityAt: use?.lastActivityAt ?? null,
        };
        return json(view, created ? 201 : 200);
      },
    }),
  ];
}

function useByPath(store: Store): Map<string, { sessionCount: number; lastActivityAt: number }> {
  const use = new Map<string, { sessionCount: number; lastActivityAt: number }>();
  let before: string | undefined;
  do {
    const page = store.sessions.list({ limit: countPage, before });
    for (const { projectPath, lastActivityAt } of page.sessions) {
      const current = use.get(projectPath) ?? { sessionCount: 0, lastActivityAt };
      current.sessionCount += 1;
      current.lastActivityAt = Math.max(current.lastActivityAt, lastActivityAt);
      use.set(projectPath, current);
    }
    before = page.nextBefore;
  } while (before !== undefined);
  return use;
}
