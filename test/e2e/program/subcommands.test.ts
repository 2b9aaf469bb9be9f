import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { subcommands } from "../../../server/commands/subcommands.ts";
import { runDaylong, runNode } from "../../support/server/runDaylong.ts";
import { useScene } from "../../support/server/scene.ts";

describe("the program daylong", () => {
  const scene = useScene({ every: "file" });
  const here = () => ["--data-dir", scene.bench.dataDir];
  const asked = async (...args: string[]) => {
    const { code, stdout, stderr } = await runDaylong([...args, ...here()]);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout;
  };
  const facts = async (...args: string[]) => JSON.parse(await asked(...args, "--json"));

  test("O16: names its commands, says its version, and points at the command that a wrong word may have meant", async () => {
    const overview = await runDaylong([]);
    expect(overview.code).toBe(0);
    for (const { name, summary } of subcommands)
      expect(overview.stdout).toMatch(new RegExp(`${name} +${summary}`));
    expect((await runDaylong(["help"])).stdout).toBe(overview.stdout);
    expect((await runDaylong(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const wrong = await runDaylong(["sesions"]);
    expect([wrong.code, wrong.stdout]).toEqual([64, ""]);
    expect(wrong.stderr).toBe(
      '"sesions" is no command. Did you mean sessions? daylong --help says what it takes.\n',
    );
  });

  test("O16: every command is one file, is known to the program, and says what it takes", async () => {
    const files = readdirSync("server/commands/subcommands");
    expect(files.length).toBe(subcommands.length);
    const helps = await Promise.all(subcommands.map(({ name }) => runDaylong([name, "--help"])));
    for (const [index, { name, flags }] of subcommands.entries()) {
      const { code, stdout } = helps[index]!;
      expect([name, code]).toEqual([name, 0]);
      expect(stdout).toContain(`daylong ${name}`);
      for (const flag of Object.keys(flags))
        expect(stdout).toMatch(new RegExp(`^  --${flag}\\b.* {2}\\S`, "m"));
    }
    expect((await runDaylong(["help", "pair"])).stdout).toContain("daylong pair [--scope read|chat|admin]");
  });

  test("O16: makes a token for scripts that the API takes, lists its device, and revokes it", async () => {
    const token = (await asked("token", "--name", "nightly", "--scope", "read")).trim();
    expect((await scene.server.ask("GET", "/api/sessions", undefined, { token })).status).toBe(200);
    const forbidden = await scene.server.ask("GET", "/api/devices", undefined, { token });
    expect(forbidden.body.code).toBe("scope_forbidden");
    const { devices } = await facts("devices");
    const device = devices.find(({ name }: { name: string }) => name === "nightly");
    expect(device).toMatchObject({ platform: "script", scope: "read" });
    expect(await asked("devices")).toMatch(new RegExp(`^${device.deviceId}  nightly +script +read `, "m"));
    expect(await asked("devices", "revoke", device.deviceId)).toBe(`Revoked ${device.deviceId}.\n`);
    expect((await scene.server.ask("GET", "/api/sessions", undefined, { token })).status).toBe(401);
    const again = await runDaylong(["devices", "revoke", device.deviceId, ...here()]);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("404")]);
    expect(await facts("token")).toMatchObject({ name: "script", scope: "chat", server: scene.server.url });
  });

  test("O16: lists sessions, usage and deliveries of the server that runs in the data folder", async () => {
    expect(await asked("sessions", "--state", "quarantined")).toBe("There are no sessions.\n");
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { message: "say: hello", projectPath: scene.bench.project },
      { headers: { prefer: "wait=60" } },
    );
    const { sessions } = await facts("sessions", "--project", scene.bench.project, "--limit", "1");
    expect(sessions).toMatchObject([{ sessionId: body.sessionId, projectPath: scene.bench.project }]);
    expect(await asked("sessions")).toContain(body.sessionId);
    // Relative to the folder that the command is called from.
    const from = await runDaylong(["sessions", "--project", "hello", ...here()], { cwd: scene.bench.roots });
    expect(from.stdout).toContain(body.sessionId);
    expect((await facts("usage", "--days", "2")).days.at(-1)).toMatchObject({ turns: 1 });
    expect(await asked("usage")).toMatch(/^PROJECT +TURNS +USD/m);
    expect(await facts("deliveries")).toEqual({ deliveries: [] });
    expect(await asked("deliveries")).toBe("There are no deliveries.\n");
    const unknown = await runDaylong(["deliveries", "--device", "nobody", ...here()]);
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("No device has the id nobody"),
    ]);
  });

  test("O16: a pairing code, as JSON and for people, pairs a device of the scope that was asked for", async () => {
    const pairing = await facts("pair", "--scope", "read");
    expect(pairing).toMatchObject({ code: expect.stringMatching(/^\w{10}$/), server: scene.server.url });
    const device = { name: "a tablet", platform: "web" };
    const paired = await scene.server.ask("POST", "/api/pair", { code: pairing.code, device }, { token: "" });
    expect(paired.status).toBe(201);
    const me = await scene.server.ask("GET", "/api/devices/me", undefined, { token: paired.body.token });
    expect(me.body.scope).toBe("read");
    expect(await asked("pair")).toMatch(/█[\s\S]*\nCode {2}\w{10} /);
  });

  test("START-2: says whether Claude is logged in, without a turn", async () => {
    const status = (env: Record<string, string>) =>
      runDaylong(["login", "--status", "--json", ...here()], { env });
    const home = join(scene.bench.dir, "nobody");
    mkdirSync(home);
    const out = await status({ HOME: home });
    expect([out.code, JSON.parse(out.stdout).state]).toEqual([1, "out"]);
    const inside = await status({ HOME: home, ANTHROPIC_API_KEY: "a-key" });
    expect([inside.code, JSON.parse(inside.stdout)]).toEqual([
      0,
      { state: "in", method: "api_key", detail: "Claude is logged in with an API key (ANTHROPIC_API_KEY)." },
    ]);
  });

  test("START-6: a wrong command line of any command ends with 64 and one sentence, before a server is looked for", async () => {
    const cases: Array<[string, string]> = [
      ["pair --scope foo", '--scope takes read, chat or admin; not "foo".'],
      ["pair nope", '"nope" is not expected here.'],
      ["token --scop chat", "--scop is no option here; --scope is."],
      ["sessions --limit many", '--limit takes a whole number from 1 to 200; not "many".'],
      ["sessions --state asleep", "--state takes idle, busy, waiting, parked"],
      ["devices remove", 'ACTION takes revoke; not "remove".'],
      ["devices revoke", "The ID of the device to revoke is missing"],
      ["deliveries --limit 0", '--limit takes a whole number from 1 to 200; not "0".'],
      ["usage --days 91", '--days takes a whole number from 1 to 90; not "91".'],
      ["login --email", "--email needs a value."],
      ["start --port", "--port needs a value."],
      ["test-session --json=1", "--json"],
      ["backup", "FILE is missing."],
      ["restore a b", '"b" is not expected here.'],
      ["service start", 'ACTION takes install, uninstall or status; not "start".'],
      ["completion fish", 'SHELL takes bash or zsh; not "fish".'],
      ["doctor now", '"now" is not expected here.'],
    ];
    const ended = await Promise.all(cases.map(([line]) => runDaylong(line.split(" "))));
    for (const [index, [line, sentence]] of cases.entries()) {
      const { code, stdout, stderr } = ended[index]!;
      expect([line, code, stdout]).toEqual([line, 64, ""]);
      expect(stderr).toContain(sentence);
      expect(stderr).toMatch(
        new RegExp(`^[^\\n]+ daylong ${line.split(" ")[0]} --help says what it takes\\.\\n$`),
      );
    }
  });

  test("START-6: so do the programs that measure and torture", async () => {
    const cases: Array<[string, string[], string]> = [
      ["soak/main", ["--nope"], "--nope is no option here."],
      ["soak/main", ["soon"], 'MINUTES takes a number, at least 0.1; not "soon".'],
      ["torture/main", ["--kills", "none"], '--kills takes a whole number, at least 1; not "none".'],
      ["bench/main", ["--effort", "x"], '--effort takes a number from 0.01 to 20; not "x".'],
      ["bench/main", ["turn"], 'not "turn".'],
      ["bench/growth", ["--effort", "0"], '--effort takes a number from 0.01 to 20; not "0".'],
      ["bench/syncs", ["more"], '"more" is not expected here.'],
    ];
    for (const [program, args, sentence] of cases) {
      const { code, stderr } = await runNode(resolve(`dist/test/${program}.js`), args);
      expect([program, code]).toEqual([program, 64]);
      expect(stderr).toMatch(/^[^\n]+\n$/);
      expect(stderr).toContain(sentence);
    }
  });

  test("DOOR-17: without a running server the sentence names the folders and the command that starts one", async () => {
    const { code, stderr } = await runDaylong(["sessions"], { env: { HOME: scene.bench.home } });
    expect(code).toBe(1);
    const folders = [".daylong", ".daylong-demo"].map((name) => join(scene.bench.home, name)).join(" or ");
    expect(stderr).toBe(
      `daylong: No running server was found in ${folders}. Start one with daylong start.\n`,
    );
  });
});
