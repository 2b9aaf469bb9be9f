import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { projectIdOf } from "../../../../../server/access/projectRoots.ts";
import { DaylongError } from "../../../../../server/domain/errors.ts";
import type { PastConversation, PastMessage } from "../../../../../server/domain/sessions/history.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

const idOf = (count: number) => `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
const past = (count: number, more: Partial<PastConversation> = {}): PastConversation => ({
  sessionId: idOf(count),
  title: `Title ${count}`,
  firstMessage: `First ${count}`,
  projectPath: rig.project,
  createdAt: 1_000,
  lastActivityAt: 10_000 + count,
  sizeBytes: 500,
  ...more,
});
const message = (count: number): PastMessage => ({
  messageId: idOf(count),
  role: count % 2 === 0 ? "user" : "assistant",
  text: `text ${count}`,
  tools: [],
  imageCount: 0,
  createdAt: count,
});
const url = () => `/api/projects/${projectIdOf(rig.project)}/sessions`;
interface Page {
  sessions: Array<{ sessionId: string; held: boolean; state: string | null; title: string }>;
  messages: PastMessage[];
  projects: Array<{ path: string; sessionCount: number; lastActivityAt: number | null }>;
  nextBefore?: string;
}
const page = async (path: string) => (await rig.ask("GET", path)).body as unknown as Page;

describe("S31: projects", () => {
  test("S31: a conversation that both know counts once; directories of terminals are projects too", async () => {
    const deep = join(rig.project, "deep", "er");
    mkdirSync(deep, { recursive: true });
    const own = await rig.pool.createSession({
      caller: { deviceId: "local", scope: "admin" },
      projectPath: rig.project,
      options: {},
    });
    rig.history.kept.push(
      past(1, { sessionId: own.sessionId }),
      past(2),
      past(3, { projectPath: deep }),
      past(4, { projectPath: "/etc" }),
      past(5, { projectPath: join(rig.project, "gone") }),
      past(6, { projectPath: undefined }),
    );
    const { projects } = await page("/api/projects");
    expect(projects.map(({ path, sessionCount }) => [path, sessionCount])).toEqual([
      [rig.project, 2],
      [deep, 1],
    ]);
  });

  test("S31: the list is there without the transcripts when these cannot be read", async () => {
    rig.history.fault = new DaylongError("history_unavailable", "Too long.");
    expect((await page("/api/projects")).projects.map(({ path }) => path)).toEqual([rig.project]);
    expectProblem(await rig.ask("GET", url()), 503, "history_unavailable");
  });
});

describe("S31: the conversations of a project", () => {
  test("S31: they come page by page, the latest first, each once", async () => {
    for (const count of [3, 1, 2, 5, 4])
      rig.history.kept.push(past(count, { lastActivityAt: count > 3 ? 9 : 5 }));
    const first = await page(`${url()}?limit=2`);
    const second = await page(`${url()}?limit=2&before=${first.nextBefore}`);
    const third = await page(`${url()}?limit=2&before=${second.nextBefore}`);
    const seen = [first, second, third].flatMap(({ sessions }) => sessions.map(({ sessionId }) => sessionId));
    expect(seen).toEqual([5, 4, 3, 2, 1].map(idOf));
    expect(third.nextBefore).toBeUndefined();
  });

  test("S31: what is ours has our title and state; what a terminal holds is marked", async () => {
    const own = await rig.pool.createSession({
      caller: { deviceId: "local", scope: "admin" },
      projectPath: rig.project,
      title: "Mine",
      options: {},
    });
    rig.history.kept.push(
      past(1, { sessionId: own.sessionId, lastActivityAt: 2 }),
      past(2, { firstMessage: undefined }),
    );
    rig.history.held.set(idOf(2), 4711);
    expect((await page(url())).sessions).toMatchObject([
      { sessionId: idOf(2), title: "Title 2", firstMessage: null, state: null, held: true },
      { sessionId: own.sessionId, title: "Mine", state: "parked", held: false },
    ]);
  });

  test("S31: a directory whose folder Claude gave the same name is another project", async () => {
    rig.history.kept.push(past(1), past(2, { projectPath: `${rig.project}-b` }));
    expect((await page(url())).sessions.map(({ sessionId }) => sessionId)).toEqual([idOf(1)]);
  });

  test("S31: the history is paged from the newest message on", async () => {
    rig.history.kept.push(past(1));
    rig.history.said.set(idOf(1), [1, 2, 3, 4, 5].map(message));
    const path = `${url()}/${idOf(1)}/messages`;
    const first = await page(`${path}?limit=3`);
    const second = await page(`${path}?limit=3&before=${first.nextBefore}`);
    expect([...first.messages, ...second.messages].map(({ text }) => text)).toEqual(
      [5, 4, 3, 2, 1].map((count) => `text ${count}`),
    );
    expect(second.nextBefore).toBeUndefined();
  });

  test("S31: bad marks, unknown conversations and projects are told apart", async () => {
    rig.history.kept.push(past(1));
    const path = `${url()}/${idOf(1)}/messages`;
    const unknownMark = Buffer.from(JSON.stringify(["no such"])).toString("base64url");
    for (const before of ["x", unknownMark, Buffer.from("[1,2,3]").toString("base64url")])
      expectProblem(await rig.ask("GET", `${path}?before=${before}`), 400, "invalid_request");
    expectProblem(await rig.ask("GET", `${url()}?before=x`), 400, "invalid_request");
    expectProblem(await rig.ask("GET", `${url()}/${idOf(2)}/messages`), 404, "session_not_found");
    expectProblem(await rig.ask("GET", `${url()}/..%2F..%2Fetc/messages`), 404, "session_not_found");
    expectProblem(await rig.ask("GET", "/api/projects/nonsense/sessions"), 404, "project_not_found");
  });

  test("A05 S31: a directory that was swapped for a link out of the roots is a project no more", async () => {
    rig.history.kept.push(past(1));
    expect((await page(url())).sessions).toHaveLength(1);
    rmSync(rig.project, { recursive: true });
    symlinkSync(rig.folder, rig.project);
    expectProblem(await rig.ask("GET", url()), 404, "project_not_found");
  });
});
