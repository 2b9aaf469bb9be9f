import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { projectIdOf } from "../../../../../server/access/projectRoots.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

const past = (sessionId: string, projectPath: string, lastActivityAt: number) => ({
  sessionId,
  title: "T",
  firstMessage: "F",
  projectPath,
  createdAt: 1,
  lastActivityAt,
  sizeBytes: 1,
});
const make = (body: object) => rig.ask("POST", "/api/projects", { body });

describe("A05: a project", () => {
  test("A05: that is new is made, and nothing was done in it yet", async () => {
    const answer = await make({ root: rig.root, name: "fresh" });
    const path = join(rig.root, "fresh");
    expect([answer.status, existsSync(path)]).toEqual([201, true]);
    expect(answer.body).toEqual({
      projectId: projectIdOf(path),
      path,
      name: "fresh",
      sessionCount: 0,
      lastActivityAt: null,
      trust: "plain",
      rules: [],
    });
  });

  test("A05: that was there is shown with what was done in it", async () => {
    rig.history.kept.push(
      past("a", rig.project, 300),
      past("b", rig.project, 500),
      past("c", rig.project, 400),
    );
    const answer = await make({ root: rig.root, name: basename(rig.project) });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ path: rig.project, sessionCount: 3, lastActivityAt: 500 });
  });

  test("A05: has a name of 255 characters and a root of 4,096 at most", async () => {
    expect((await make({ root: rig.root, name: "x".repeat(255) })).status).toBe(201);
    const tooLong = await make({ root: `/${"x".repeat(4_096)}`, name: "x".repeat(256) });
    expectProblem(tooLong, 400, "invalid_request");
    expect(tooLong.body.errors?.map(({ path }) => path)).toEqual(["root", "name"]);
    const none = await make({ root: "", name: "" });
    expect(none.body.errors?.map(({ path }) => path)).toEqual(["root", "name"]);
  });

  test("A05: is trusted and trusted no more by the owner, shown with what was done in it", async () => {
    mkdirSync(join(rig.project, ".claude"));
    rig.history.kept.push(past("a", rig.project, 300));
    const url = `/api/projects/${projectIdOf(rig.project)}/trust`;
    const shown = { path: rig.project, sessionCount: 1, lastActivityAt: 300 };
    expect((await rig.ask("PUT", url)).body).toMatchObject({ ...shown, trust: "trusted" });
    expect((await rig.ask("DELETE", url)).body).toMatchObject(shown);
    const { token } = rig.device("chat");
    expectProblem(await rig.ask("PUT", url, { token }), 403, "scope_forbidden");
    expectProblem(await rig.ask("PUT", "/api/projects/nothing/trust"), 404, "project_not_found");
  });
});

describe("DOOR-21: many projects", () => {
  const page = async (query: string) => {
    const { status, body } = await rig.ask("GET", `/api/projects${query}`);
    expect(status).toBe(200);
    return body as unknown as { projects: Array<{ name: string }>; nextBefore?: string };
  };

  test("come in pages, the directories of the roots first, each once, also when one goes away meanwhile", async () => {
    for (const name of ["beta", "delta", "gamma"]) mkdirSync(join(rig.root, name));
    for (const name of ["deep2", "deep1", "gone"]) {
      if (name !== "gone") mkdirSync(join(rig.project, name));
      rig.history.kept.push(past(name, join(rig.project, name), 100));
    }
    const whole = await page("");
    const names = ["alpha", "beta", "delta", "gamma", "deep1", "deep2"];
    expect([whole.projects.map(({ name }) => name), whole.nextBefore]).toEqual([names, undefined]);
    const first = await page("?limit=2");
    expect(first.projects.map(({ name }) => name)).toEqual(["alpha", "beta"]);
    rmdirSync(join(rig.root, "beta"));
    const rest = [];
    let { nextBefore } = first;
    for (let pages = 0; nextBefore !== undefined && pages < 10; pages += 1) {
      const next = await page(`?limit=2&before=${nextBefore}`);
      expect(next.projects.length).toBeLessThanOrEqual(2);
      rest.push(...next.projects.map(({ name }) => name));
      ({ nextBefore } = next);
    }
    expect(rest.filter((name) => name !== "alpha")).toEqual(["delta", "gamma", "deep1", "deep2"]);
  });

  test("are refused a cursor that is none", async () => {
    expectProblem(await rig.ask("GET", "/api/projects?before=x"), 400, "invalid_request");
  });
});
