import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

describe("a project that is not trusted", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    // A command of the owner's own with a shell line.
    mkdirSync(join(bench.home, ".claude", "commands"), { recursive: true });
    writeFileSync(
      join(bench.home, ".claude", "commands", "state.md"),
      "---\nallowed-tools: Bash(git status:*)\n---\nsay: state !`git status --short`",
    );
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      // Otherwise the CLI refuses the mode to root.
      IS_SANDBOX: "1",
      ALLOW_BYPASS_PERMISSIONS: "true",
      // The tests look again and again, as one device.
      REQUESTS_PER_MINUTE: "6000",
    });
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    await model.stop();
    bench.remove();
  });

  const chat = (body: Record<string, unknown>, on = server) =>
    on.ask("POST", "/api/chat", body, { headers: { prefer: "wait=120" } });
  const permissionOf = (sessionId: string, on = server) =>
    eventually("the phone is asked", async () => {
      const { body } = await on.ask("GET", "/api/permissions");
      return body.permissions.find((one: { sessionId: string }) => one.sessionId === sessionId);
    });
  /** Sends the message, and denies what the phone is asked; the question. */
  const askedAbout = async (body: Record<string, unknown>) => {
    const sent = await server.ask("POST", "/api/chat", body);
    const permission = await permissionOf(sent.body.sessionId);
    await server.ask("POST", `/api/permissions/${permission.permissionId}`, { decision: "deny" });
    await eventually("the turn is over", async () => {
      const { sessionId, turnId } = sent.body;
      const turn = await server.ask("GET", `/api/sessions/${sessionId}/turns/${turnId}`);
      return turn.body.state === "completed";
    });
    return { ...permission, sessionId: sent.body.sessionId };
  };
  const projectOf = async (path: string) => {
    const { body } = await server.ask("GET", "/api/projects");
    return (body.projects as Array<{ projectId: string; path: string }>).find((one) => one.path === path)!;
  };

  /** A repository with a commit, a changed file, and a program for each way in which git runs one. */
  function repository(name: string, settings: Record<string, string>, attributes = ""): string {
    const path = join(bench.roots, name);
    mkdirSync(path);
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", path, "-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
        env: { PATH: process.env.PATH, HOME: bench.dir },
      });
    git("init", "-q");
    writeFileSync(join(path, "a.txt"), "before\n");
    git("add", "a.txt");
    git("commit", "-qm", "first");
    writeFileSync(join(path, "a.txt"), "after\n");
    if (attributes !== "") writeFileSync(join(path, ".gitattributes"), attributes);
    for (const [key, value] of Object.entries(settings))
      git("config", key, value.replace("TRACES", bench.dir));
    return path;
  }
  const trace = (name: string) => join(bench.dir, `trace-${name}`);
  /** A program that leaves a trace; where, is filled in when it is set. */
  const leaves = (name: string, then = "cat") => `touch TRACES/trace-${name}; ${then}`;

  test("A09 DOOR-10: what a repository names as watcher, hook or external diff does not run, and git still answers", async () => {
    const path = repository("switched-off", {
      "core.fsmonitor": leaves("fsmonitor", "echo"),
      "core.hooksPath": "hooks",
      "diff.external": leaves("external", "true"),
    });
    mkdirSync(join(path, "hooks"));
    writeFileSync(join(path, "hooks", "pre-commit"), `#!/bin/sh\ntouch ${trace("hook")}\n`);
    chmodSync(join(path, "hooks", "pre-commit"), 0o755);
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: path,
      permissionMode: "bypassPermissions",
    });
    const { sessionId } = body;
    expect((await chat({ message: "run: git status --short", sessionId })).body.reply.text).toContain(
      "M a.txt",
    );
    const diff = await chat({ message: "run: git diff", sessionId });
    expect(diff.body.reply.text).toContain("-before\n+after");
    const commit = "run: git -c user.name=a -c user.email=a@b.c commit -qam second && git log --oneline";
    expect((await chat({ message: commit, sessionId })).body.reply.text).toContain("second");
    for (const name of ["fsmonitor", "hook", "external"])
      expect([name, existsSync(trace(name))]).toEqual([name, false]);
    const { body: log } = await server.ask("GET", `/api/sessions/${sessionId}/events`);
    const woken = log.events.find((event: { type: string }) => event.type === "session.woken");
    expect(woken.data.notes).toEqual(["The project's git hooks do not run until it is trusted."]);
  });

  test.each([
    ["filter", { "filter.x.clean": leaves("filter") }, "*.txt filter=x\n", "git status --short"],
    ["textconv", { "diff.x.textconv": leaves("textconv") }, "*.txt diff=x\n", "git diff"],
    ["driver", { "merge.x.driver": leaves("driver") }, "*.txt merge=x\n", "git log --oneline"],
    ["alias", { "alias.st": `!${leaves("alias")}` }, "", "git st"],
    ["ssh", { "core.sshCommand": leaves("ssh") }, "", "git fetch"],
    ["credential", { "credential.helper": `!${leaves("credential")}` }, "", "git status"],
    ["gpg", { "gpg.program": leaves("gpg") }, "", "git log --show-signature"],
  ])(
    "A09 DOOR-10: git is asked about in every mode where the repository brings a program for it: %s",
    async (name, settings, attributes, command) => {
      const path = repository(`suspect-${name}`, settings, attributes);
      const { body } = await server.ask("POST", "/api/sessions", {
        projectPath: path,
        permissionMode: "bypassPermissions",
      });
      const asked = await askedAbout({ message: `run: ${command}`, sessionId: body.sessionId });
      expect(asked.description).toContain(Object.keys(settings)[0]!.toLowerCase());
      expect(existsSync(trace(name))).toBe(false);
    },
  );

  test("A09 DOOR-10: the shell lines of a command run git only where no repository brings a program for it", async () => {
    const plain = repository("plain-command", {});
    const first = await chat({ message: "/state", projectPath: plain });
    expect(first.body.reply.text).toContain("a.txt");
    // The program comes while the process lives: the command is stopped; a new process does not run the line.
    const filter = leaves("command").replace("TRACES", bench.dir);
    execFileSync("git", ["-C", plain, "config", "filter.x.clean", filter]);
    writeFileSync(join(plain, ".gitattributes"), "*.txt filter=x\n");
    const stopped = await chat({ message: "/state", sessionId: first.body.sessionId });
    expect(JSON.stringify(stopped.body)).toContain("filter.x.clean");
    const again = await chat({ message: "/state", projectPath: plain });
    expect(again.body.reply.text).not.toContain("a.txt");
    const { body: log } = await server.ask("GET", `/api/sessions/${again.body.sessionId}/events`);
    const woken = log.events.find((event: { type: string }) => event.type === "session.woken");
    expect(JSON.stringify(woken.data.notes)).toContain("Shell lines");
    expect(existsSync(trace("command"))).toBe(false);
  });

  test("A09 DOOR-10: a repository is judged when git is used, wherever in the project it lies, until the project is trusted", async () => {
    const path = repository("later", {});
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: path,
      permissionMode: "acceptEdits",
    });
    const { sessionId } = body;
    expect((await chat({ message: "run: git status --short", sessionId })).body.reply.text).toContain(
      "a.txt",
    );
    const inner = repository("later/inner", { "filter.x.clean": leaves("inner") }, "*.txt filter=x\n");
    expect(inner.startsWith(path)).toBe(true);
    await askedAbout({ message: "run: git -C inner status --short", sessionId });
    await askedAbout({ message: "run: cd inner && git status --short", sessionId });
    execFileSync("git", ["-C", path, "config", "diff.x.textconv", `touch ${trace("later")}`]);
    await askedAbout({ message: "run: git diff", sessionId });
    expect([existsSync(trace("inner")), existsSync(trace("later"))]).toEqual([false, false]);
    const { projectId } = await projectOf(path);
    await server.ask("PUT", `/api/projects/${projectId}/trust`);
    const free = await chat({ message: "run: git status --short", sessionId });
    expect(free.body).toMatchObject({ state: "completed" });
    expect(free.body.reply.text).toContain("a.txt");
    const { body: log } = await server.ask("GET", `/api/sessions/${sessionId}/events`);
    const recycled = log.events.find((event: { type: string }) => event.type === "session.recycled");
    expect(recycled.data.detail).toBe("The project is trusted now.");
    await server.ask("DELETE", `/api/projects/${projectId}/trust`);
  });

  test.each(["/clear", "/new", "/compact"])(
    "A09 DOOR-15: a CLAUDE.md that is swapped for a link out of the project is not read at %s",
    async (command) => {
      const path = join(bench.roots, `swapped${command.replace("/", "-")}`);
      mkdirSync(path);
      writeFileSync(join(path, "CLAUDE.md"), "The word is heather.");
      writeFileSync(join(bench.dir, "far.txt"), "The far word is juniper.");
      const first = await chat({ message: "does a reminder say: heather", projectPath: path });
      expect(first.body).toMatchObject({ state: "completed" });
      expect(first.body.reply.text).toBe("Yes.");
      const { sessionId } = first.body;
      rmSync(join(path, "CLAUDE.md"));
      symlinkSync(join(bench.dir, "far.txt"), join(path, "CLAUDE.md"));
      expect((await chat({ message: command, sessionId })).body.state).toBe("completed");
      const after = await chat({ message: "does a reminder say: juniper", sessionId });
      expect(after.body.reply.text).toBe("No.");
    },
  );
});
