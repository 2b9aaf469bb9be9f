import { basename } from "node:path";
import { z } from "zod";
import { type ProjectDirectory, projectIdOf } from "../access/roots.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import { projectSchema } from "../wire/projects.ts";
import { textSchema } from "../wire/text.ts";
import type { HttpParts } from "./parts.ts";
import { defineRoute, json, type Route } from "./route.ts";

/** Sessions read at a time while they are counted. */
const countPage = 500;

const projectParams = z.object({ projectId: textSchema.min(1).max(64) });

/** The directories Claude can work in. */
export function projectRoutes(parts: HttpParts): Route[] {
  const { store, roots, access, trust } = parts;
  const viewOf = async (project: ProjectDirectory, use: ProjectUse | undefined) => ({
    ...project,
    sessionCount: use?.sessionCount ?? 0,
    lastActivityAt: use?.lastActivityAt ?? null,
    trust: await trust.standingOf(project.path),
  });
  return [
    defineRoute({
      method: "GET",
      path: "/api/projects",
      scope: "read",
      summary: "The project roots, the directories in them, and deeper ones that have sessions.",
      response: z.object({ roots: z.array(z.string()), projects: z.array(projectSchema) }),
      async handle() {
        const use = useByPath(store);
        const projects = await knownProjects(parts, use);
        return json({
          roots: roots.paths,
          projects: await Promise.all(projects.map((project) => viewOf(project, use.get(project.path)))),
        });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/projects",
      scope: "chat",
      summary: "Make a directory under a root; 200 when it was there already.",
      body: z.object({ root: textSchema.min(1).max(4096), name: textSchema.min(1).max(255) }),
      response: { 200: projectSchema, 201: projectSchema },
      async handle({ body, caller }) {
        const { project, created } = await access.createProject(body.root, body.name, caller);
        const view = await viewOf(project, useByPath(store).get(project.path));
        return json(view, created ? 201 : 200);
      },
    }),
    defineRoute({
      method: "PUT",
      path: "/api/projects/:projectId/trust",
      scope: "admin",
      summary:
        "Let the project's own settings (hooks, MCP servers, rules) act, from the next start of a process on.",
      params: projectParams,
      response: projectSchema,
      async handle({ params, caller }) {
        const project = await findProject(parts, params.projectId);
        trust.trust(project.path, caller.deviceId);
        return json(await viewOf(project, useByPath(store).get(project.path)));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/projects/:projectId/trust",
      scope: "admin",
      summary: "Take the trust back, from the next start of a process on; a terminal's own answer stays.",
      params: projectParams,
      response: projectSchema,
      async handle({ params, caller }) {
        const project = await findProject(parts, params.projectId);
        trust.withdraw(project.path, caller.deviceId);
        return json(await viewOf(project, useByPath(store).get(project.path)));
      },
    }),
  ];
}

/** The directories under the roots, and deeper ones in which sessions were begun. */
async function knownProjects(
  { roots }: HttpParts,
  use: ReadonlyMap<string, ProjectUse>,
): Promise<ProjectDirectory[]> {
  const listed = await roots.directories();
  const known = new Set(listed.map((project) => project.path));
  const deeper: ProjectDirectory[] = [];
  for (const path of use.keys()) {
    if (known.has(path)) continue;
    // A directory that is gone, or outside the roots by now, is no project any more.
    if ((await roots.resolve(path).catch(() => undefined)) !== path) continue;
    deeper.push({ projectId: projectIdOf(path), path, name: basename(path) || path });
  }
  return [...listed, ...deeper];
}

async function findProject(parts: HttpParts, projectId: string): Promise<ProjectDirectory> {
  const projects = await knownProjects(parts, useByPath(parts.store));
  const project = projects.find((one) => one.projectId === projectId);
  if (project === undefined)
    throw new DaylongError("project_not_found", "There is no such project; GET /api/projects lists them.");
  return project;
}

interface ProjectUse {
  sessionCount: number;
  lastActivityAt: number;
}

function useByPath(store: Store): Map<string, ProjectUse> {
  const use = new Map<string, ProjectUse>();
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
