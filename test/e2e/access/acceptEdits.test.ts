import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";

describe("DOOR-4: the mode acceptEdits", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;
  let sessionId: string;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    server = await startServer({ ...benchEnvironment(bench, model.url), REQUESTS_PER_MINUTE: "100000" });
    for (const folder of [".git/hooks", ".husky", ".vscode"])
      mkdirSync(join(bench.project, folder), { recursive: true });
    mkdirSync(join(bench.home, ".local", "bin"), { recursive: true });
    mkdirSync(join(bench.home, ".config", "systemd", "user"), { recursive: true });
    // Links that lead there from a plain name.
    symlinkSync(join(bench.project, ".git", "hooks"), join(bench.project, "linked"));
    symlinkSync(bench.home, join(bench.project, "outside"));
    const wanted = { projectPath: bench.project, permissionMode: "acceptEdits" };
    sessionId = (await server.ask("POST", "/api/sessions", wanted)).body.sessionId;
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    await model.stop();
    bench.remove();
  });

  /** Sends the order; the question that the phone is asked, denied; `undefined` when the turn ended without one. */
  const questionAbout = async (message: string): Promise<string | undefined> => {
    const { body } = await server.ask("POST", "/api/chat", { sessionId, message });
    const found = await eventually("a question, or the end of the turn", async () => {
      const open = (await server.ask("GET", "/api/permissions")).body.permissions;
      const asked = open.find((one: { sessionId: string }) => one.sessionId === sessionId);
      if (asked !== undefined) return { asked };
      const turn = (await server.ask("GET", `/api/sessions/${sessionId}/turns/${body.turnId}`)).body;
      return turn.state === "completed" ? { asked: undefined } : undefined;
    });
    if (found.asked === undefined) return undefined;
    await server.ask("POST", `/api/permissions/${found.asked.permissionId}`, { decision: "deny" });
    await eventually("the turn is over", async () => {
      const turn = (await server.ask("GET", `/api/sessions/${sessionId}/turns/${body.turnId}`)).body;
      return turn.state === "completed";
    });
    return found.asked.title;
  };

  test("DOOR-4: asks about writes outside the project and into files that run later, and about no others", async () => {
    const home = (path: string) => join(bench.home, path);
    const inside = (path: string) => join(bench.project, path);
    const asked: string[] = [];
    const unasked: string[] = [];
    const targets = [
      ...[
        ".bashrc",
        ".profile",
        ".zshrc",
        ".local/bin/git",
        ".config/systemd/user/x.service",
        "notes.txt",
      ].map(home),
      ...[
        ".git/hooks/pre-commit",
        ".git/config",
        ".husky/pre-commit",
        ".envrc",
        ".vscode/tasks.json",
        ".bashrc",
        ".mcp.json",
        ".claude/settings.json",
        "linked/pre-commit",
        "outside/notes.txt",
      ].map(inside),
    ];
    for (const target of targets) {
      for (const order of [`write: ${target} x`, `run: cp a.txt ${target}`, `run: echo x > ${target}`]) {
        const title = await questionAbout(order);
        (title === undefined ? unasked : asked).push(order.replaceAll(bench.dir, ""));
      }
    }
    expect(unasked).toEqual([]);
    expect(asked).toHaveLength(targets.length * 3);
    expect(await questionAbout(`write: ${inside("plain.txt")} x`)).toBeUndefined();
    expect(readdirSync(bench.project)).toContain("plain.txt");
  });
});
