import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import {
  type Bench,
  benchEnvironment,
  childrenOf,
  type DaylongServer,
  eventually,
  makeBench,
  processesOf,
  startServer,
} from "../../support/server/daylongServer.ts";

describe("every start of the CLI", () => {
  let bench: Bench;
  let model: DemoModel;
  let server: DaylongServer;

  const ownSettings = (settings: unknown) => {
    mkdirSync(join(bench.home, ".claude"), { recursive: true });
    writeFileSync(join(bench.home, ".claude", "settings.json"), JSON.stringify(settings));
  };

  beforeAll(async () => {
    bench = makeBench();
    model = await startDemoModel();
    mkdirSync(join(bench.home, ".ssh"));
    writeFileSync(join(bench.home, ".ssh", "id_ed25519"), "The key is juniper.");
    ownSettings({ permissions: { defaultMode: "bypassPermissions" } });
    server = await startServer({
      ...benchEnvironment(bench, model.url),
      // Otherwise the CLI refuses the mode to root.
      IS_SANDBOX: "1",
      PROJECT_ROOTS: `${bench.home}:${bench.roots}`,
      ALLOW_BYPASS_PERMISSIONS: "true",
      CLI_ENV_PASS: "GOPATH:MY_*:DATA_DIR:APNS_KEY_ID",
      GOPATH: "/go",
      MY_TOOL: "mine",
      OTHER: "not",
    });
  });
  afterAll(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(processesOf(bench)).toEqual([]);
    // The settings of each process went with it.
    expect(readdirSync(join(bench.dataDir, "process-settings"))).toEqual([]);
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
  test("A09 DOOR-3: the owner's own default mode for terminals lets nothing through, in a one-shot prompt or a session", async () => {
    const { body } = await server.ask("POST", "/api/ask", {
      projectPath: bench.project,
      prompt: "run: touch asked.txt",
    });
    expect(body.denied).toEqual([{ toolName: "Bash", title: "Bash: touch asked.txt" }]);
    const asked = await askedAbout({ message: "run: touch chat.txt", projectPath: bench.project });
    expect(asked.title).toContain("touch chat.txt");
    expect(readdirSync(bench.project)).toEqual([]);
  });

  test.each<[string, string, unknown]>([
    ["acceptEdits is the owner's default", "home", { permissions: { defaultMode: "acceptEdits" } }],
    ["dontAsk is the owner's default", "home", { permissions: { defaultMode: "dontAsk" } }],
    ["plan is the owner's default", "home", { permissions: { defaultMode: "plan" } }],
    [
      "the owner has agreed to bypass for good",
      "home",
      { permissions: { defaultMode: "bypassPermissions" }, skipDangerousModePermissionPrompt: true },
    ],
    [
      "the project brings bypass and a rule",
      "settings.json",
      { permissions: { defaultMode: "bypassPermissions", allow: ["Bash"] } },
    ],
    [
      "the project's local settings bring bypass and a rule",
      "settings.local.json",
      { permissions: { defaultMode: "bypassPermissions", allow: ["Bash"] } },
    ],
  ])("A09 DOOR-3: a one-shot prompt lets no command through where %s", async (_where, place, settings) => {
    const folder = join(place === "home" ? bench.home : bench.project, ".claude");
    const path = join(folder, place === "home" ? "settings.json" : place);
    mkdirSync(folder, { recursive: true });
    const before = existsSync(path) ? readFileSync(path) : undefined;
    writeFileSync(path, JSON.stringify(settings));
    try {
      const asked = { projectPath: bench.project, prompt: "run: touch asked.txt" };
      const { body } = await server.ask("POST", "/api/ask", asked);
      expect(body.denied).toEqual([{ toolName: "Bash", title: "Bash: touch asked.txt" }]);
    } finally {
      if (before === undefined) rmSync(folder, { recursive: true });
      else writeFileSync(path, before);
    }
    expect(readdirSync(bench.project)).toEqual([]);
  });

  test("A14 DOOR-6: the data folder and the places of secrets are closed in every mode, for tools and known commands", async () => {
    const token = join(bench.dataDir, "admin-token");
    const key = join(bench.home, ".ssh", "id_ed25519");
    for (const permissionMode of ["default", "acceptEdits", "bypassPermissions"]) {
      const { body } = await server.ask("POST", "/api/sessions", {
        projectPath: bench.project,
        permissionMode,
      });
      const { sessionId } = body;
      const says = async (message: string) => (await chat({ message, sessionId })).body.reply.text as string;
      for (const order of [
        `run: cat ${token}`,
        `run: cat ${key}`,
        "run: cat ~/.ssh/id_ed25519",
        `run: cd ${bench.home} && cat .ssh/id_ed25519`,
        `run: head -c 99 ${join(bench.dataDir, "server.json")}`,
        `run: echo x > ${join(bench.home, ".ssh", "authorized_keys")}`,
        `write: ${join(bench.home, ".ssh", "authorized_keys")} x`,
        `write: ${join(bench.dataDir, "server.json")} x`,
      ]) {
        const said = await says(order);
        expect([permissionMode, order, said]).toEqual([
          permissionMode,
          order,
          expect.stringMatching(/^The tool did not run: .*(denied|blocked by a deny rule|deny rule)/),
        ]);
      }
      await server.ask("DELETE", `/api/sessions/${sessionId}`);
    }
    expect(readdirSync(join(bench.home, ".ssh"))).toEqual(["id_ed25519"]);
    expect(JSON.parse(readFileSync(join(bench.dataDir, "server.json"), "utf8")).url).toBe(server.url);
  });

  test("A14 DOOR-6: a conversation that named no project works in its folder of the data folder", async () => {
    const { body } = await server.ask("POST", "/v1/chat/completions", {
      model: "default",
      conversation_id: "own-folder",
      messages: [{ role: "user", content: "run: ls -a" }],
    });
    expect(body.choices[0].message.content).toContain("Done. It printed: .\n..");
  });

  test("A09 DOOR-24: arguments hold no rule and no path of the project; the rules are in a file for the owner alone", async () => {
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      allowedTools: ["Bash(secretdeploy:*)"],
      disallowedTools: ["Bash(secretrm:*)"],
      appendSystemPrompt: "The secret is broom.",
    });
    await chat({ message: "say: hello", sessionId: body.sessionId });
    const { process: own } = (await server.ask("GET", `/api/sessions/${body.sessionId}`)).body;
    expect(childrenOf(server.pid)).toContain(own.pid);
    const argv = readFileSync(`/proc/${own.pid}/cmdline`, "utf8");
    for (const word of ["secretdeploy", "secretrm", "broom", bench.project, ".ssh"])
      expect(argv).not.toContain(word);
    const path = /--settings\0([^\0]+)/.exec(argv)![1]!;
    expect(path.startsWith(join(bench.dataDir, "process-settings"))).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const settings = JSON.parse(readFileSync(path, "utf8"));
    expect(settings.permissions.allow).toEqual(["mcp__daylong__notify", "Bash(secretdeploy:*)"]);
    expect(settings.permissions.deny).toContain("Bash(secretrm:*)");
    expect(settings.crossSessionInbound).toBe("refuse");
    await server.ask("DELETE", `/api/sessions/${body.sessionId}`);
    expect(existsSync(path)).toBe(false);
  });

  test("A09: CLI_ENV_PASS passes what it names, and nothing of ours", async () => {
    const { body } = await server.ask("POST", "/api/sessions", {
      projectPath: bench.project,
      permissionMode: "bypassPermissions",
    });
    const said = await chat({
      message: 'run: echo "$GOPATH,$MY_TOOL,$OTHER,$DATA_DIR,"',
      sessionId: body.sessionId,
    });
    expect(said.body.reply.text).toContain("/go,mine,,,");
  });

  test("A09 DOOR-24: settings that a crash left behind are gone after the next start", async () => {
    const dataDir = join(bench.dir, "data-crash");
    const environment = { ...benchEnvironment(bench, model.url), DATA_DIR: dataDir };
    const first = await startServer(environment);
    await chat({ message: "say: hello", projectPath: bench.project }, first);
    const left = () => readdirSync(join(dataDir, "process-settings")).length;
    expect(left()).toBe(1);
    expect(await first.kill("SIGKILL")).toBe("SIGKILL");
    expect(left()).toBe(1);
    const second = await startServer(environment);
    expect(left()).toBe(0);
    expect(await second.kill("SIGTERM")).toBe(0);
  });
});
