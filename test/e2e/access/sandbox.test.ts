import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { sandboxFault } from "../../../server/claude/start/sandbox.ts";
import { startDemoModel } from "../../../server/demo/model.ts";
import {
  benchEnvironment,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

test("A14: with SANDBOX=true a program that Claude runs cannot reach the closed places; where there is none, nothing starts", async () => {
  // Not where TMPDIR may point: a sandbox has a /dev of its own, and nothing in /dev/shm is seen from it.
  const bench = makeBench("/tmp");
  const model = await startDemoModel();
  const vault = join(bench.home, "vault");
  mkdirSync(vault);
  writeFileSync(join(vault, "key"), "The key is juniper.");
  const environment = {
    ...benchEnvironment(bench, model.url),
    SANDBOX: "true",
    DENIED_PATHS: vault,
    IS_SANDBOX: "1",
    ALLOW_BYPASS_PERMISSIONS: "true",
  };
  try {
    const fault = await sandboxFault(process.env);
    if (fault !== undefined) {
      // A computer without bubblewrap, or one that lets nobody make namespaces: the server says so and does not start.
      await expect(startServer(environment)).rejects.toThrow();
      return;
    }
    const server = await startServer(environment);
    const { body: session } = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      permissionMode: "bypassPermissions",
    });
    const run = async (command: string): Promise<string> => {
      const { body } = await server.ask(
        "POST",
        "/api/chat",
        { message: `run: ${command}`, sessionId: session.sessionId },
        { headers: { prefer: "wait=120" } },
      );
      expect(body.state).toBe("completed");
      return body.reply.text;
    };
    // No command that the CLI knows by name: its rules do not see what this reads and writes.
    const read = (path: string) => `perl -e 'open(F, "<", "${path}") or print("no"); print(<F>)'`;
    expect(await run(read(join(vault, "key")))).not.toContain("juniper");
    expect(await run(read(join(bench.dataDir, "admin-token")))).not.toContain(server.adminToken);
    await run(`perl -e 'open(F, ">", "${join(vault, "new")}") and print(F "x")'; true`);
    expect(existsSync(join(vault, "new"))).toBe(false);
    // What it is for goes on.
    await run('perl -e \'open(F, ">", "made.txt") and print(F "heather")\'');
    await eventually("the file is made", () => existsSync(join(bench.project, "made.txt")));
    expect(readFileSync(join(bench.project, "made.txt"), "utf8")).toBe("heather");
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
  } finally {
    await model.stop();
    bench.remove();
  }
});
