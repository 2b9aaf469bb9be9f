import { z } from "zod";
import type { ProjectDirectory } from "../../../access/projectRoots.ts";
import {
  findProject,
  lookedUpAtOnce,
  type ProjectUse,
  projectPage,
  projectUse,
} from "../../../access/projectUse.ts";
import { decodePageCursor } from "../../../domain/pageCursor.ts";
import { beforeSchema, limitSchema } from "../../../wire/paging.ts";
import { projectSchema } from "../../../wire/sessions/projects.ts";
import { argumentSchema, textSchema } from "../../../wire/text.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { refuseUnpaired } from "../../framework/authorise.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

const projectParams = z.object({ projectId: textSchema.min(1).max(64) });

/** The directories Claude can work in. */
export function projectRoutes(parts: HttpDependencies): Route[] {
  const { roots, access, trust, pool } = parts;
  const viewOf = async (project: ProjectDirectory, use: ProjectUse | undefined) => ({
    ...project,
    sessionCount: use?.sessionIds.size ?? 0,
    lastActivityAt: use?.lastActivityAt ?? null,
    trust: await trust.standingOf(project.path),
    rules: trust.rulesOf(project.path),
  });
  return [
    defineRoute({
      method: "GET",
      path: "/api/projects",
      scope: "read",
      summary: "The project roots, the directories in them, and deeper ones in which Claude has worked.",
      query: z.object({ before: beforeSchema, limit: limitSchema(1_000, 1_000) }),
      response: z.object({
        roots: z.array(z.string()),
        projects: z.array(projectSchema),
        nextBefore: z.string().optional(),
      }),
      async handle({ query }) {
        const begin = query.before === undefined ? undefined : decodePageCursor(query.before);
        const { rows, nextBefore } = await projectPage(parts, { begin, limit: query.limit });
        const projects = [];
        // A thousand at once would hold the event loop, and the disk's threads, for everything else.
        for (let from = 0; from < rows.length; from += lookedUpAtOnce) {
          const some = rows.slice(from, from + lookedUpAtOnce);
          projects.push(...(await Promise.all(some.map(({ use, ...project }) => viewOf(project, use)))));
        }
        return json({ roots: roots.paths, projects, nextBefore });
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/projects",
      scope: "chat",
      summary: "Make a directory under a root; 200 when it was there already.",
      body: z.object({ root: argumentSchema.min(1).max(4096), name: argumentSchema.min(1).max(255) }),
      refusals: errorSets.project,
      response: { 200: projectSchema, 201: projectSchema },
      async handle({ body, caller }) {
        const { project, created } = await access.createProject(body.root, body.name, caller);
        const use = created ? undefined : (await projectUse(parts)).get(project.path);
        return json(await viewOf(project, use), created ? 201 : 200);
      },
    }),
    defineRoute({
      method: "PUT",
      path: "/api/projects/:projectId/trust",
      scope: "admin",
      summary:
        "Let the project's own settings (hooks, MCP servers, rules) and git hooks act; processes that run there are replaced.",
      params: projectParams,
      refusals: errorSets.project,
      response: projectSchema,
      async handle({ params, caller }) {
        const project = await findProject(parts, params.projectId);
        refuseUnpaired(access, caller);
        trust.trust(project.path, caller.deviceId);
        pool.replaceProcesses(project.path, "The project is trusted now.");
        return json(await viewOf(project, (await projectUse(parts)).get(project.path)));
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/projects/:projectId/trust",
      scope: "admin",
      summary: "Take the trust back; processes that run there are replaced. A terminal's own answer stays.",
      params: projectParams,
      refusals: errorSets.project,
      response: projectSchema,
      async handle({ params, caller }) {
        const project = await findProject(parts, params.projectId);
        refuseUnpaired(access, caller);
        trust.withdraw(project.path, caller.deviceId);
        pool.replaceProcesses(project.path, "The project is not trusted any more.");
        return json(await viewOf(project, (await projectUse(parts)).get(project.path)));
      },
    }),
  ];
}
