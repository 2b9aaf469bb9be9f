import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { AutostartPlan } from "../../../../server/commands/autostart/autostart.ts";
import { agentText, LaunchAgent } from "../../../../server/commands/autostart/launchAgent.ts";
import { SystemdUnit, unitText } from "../../../../server/commands/autostart/systemdUnit.ts";
import type { ProgramResult } from "../../../../server/platform/runProgram.ts";

const plan = (over: Partial<AutostartPlan> = {}): AutostartPlan =>
  Object.assign(
    {
      node: process.execPath,
      program: join(homeDir, "lib", "daylong.js"),
      dataDir: join(homeDir, "data of 100% & <me>"),
      path: "/opt/homebrew/bin:/usr/bin",
    },
    over,
  );

let homeDir: string;
let asked: string[];
let answers: Record<string, Partial<ProgramResult>>;
beforeEach(() => {
  homeDir = mkdtempSync(join(tmpdir(), "daylong-service-"));
  asked = [];
  answers = {};
});
afterEach(() => rmSync(homeDir, { recursive: true, force: true }));

const parts = () => ({
  homeDir,
  uid: 501,
  user: "anna",
  environment: {},
  run: async (command: string, args: readonly string[]): Promise<ProgramResult> => {
    const line = [command, ...args].join(" ");
    asked.push(line);
    const answer = Object.entries(answers).find(([start]) => line.startsWith(start))?.[1];
    return Object.assign({ code: 0, stdout: "", stderr: "" }, answer);
  },
});

describe("O04: systemd's user unit", () => {
  const unitPath = () => join(homeDir, ".config/systemd/user/daylong.service");

  test("O04: systemd itself finds nothing wrong in it, also with paths of every letter", () => {
    const unit = join(homeDir, "daylong.service");
    writeFileSync(unit, unitText(plan({ program: "/bin/true" })));
    // Where systemd is not installed, what it would say cannot be had; the lines are looked at in the next test.
    const isThere = spawnSync("systemd-analyze", ["--version"]).status === 0;
    const verified = isThere
      ? spawnSync("systemd-analyze", ["--user", "verify", unit], {
          encoding: "utf8",
          env: { PATH: process.env.PATH, HOME: homeDir, XDG_RUNTIME_DIR: homeDir },
        })
      : { stderr: "" };
    const ofUnit = verified.stderr.split("\n").filter((line) => line.includes("daylong"));
    // Versions before 254 do not know the growing pauses, and leave them out.
    expect(ofUnit.filter((line) => !/RestartSteps|RestartMaxDelaySec/.test(line))).toEqual([]);
  });

  test("O04: starts with the owner's PATH, comes back after a crash with pauses, and not after a wrong configuration", () => {
    const lines = unitText(plan()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        `ExecStart="${process.execPath}" "${homeDir}/lib/daylong.js" start --data-dir "${homeDir}/data of 100%% & <me>"`,
        'Environment="PATH=/opt/homebrew/bin:/usr/bin"',
        "Environment=MALLOC_ARENA_MAX=1",
        ...["Restart=on-failure", "RestartSec=2", "RestartMaxDelaySec=300", "StartLimitIntervalSec=0"],
        ...[
          "RestartPreventExitStatus=64 78",
          "KillMode=mixed",
          "TimeoutStopSec=90",
          "WantedBy=default.target",
        ],
      ]),
    );
    const odd = unitText(plan({ dataDir: '/a "b" $HOME \\' }));
    expect(odd).toContain('--data-dir "/a \\"b\\" $$HOME \\\\"');
  });

  test("O04: installs, starts, and says where the log is and what linger does", async () => {
    answers["loginctl show-user anna"] = { stdout: "Linger=no\n" };
    const done = await new SystemdUnit(parts()).install(plan());
    expect(asked).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user enable daylong.service",
      "systemctl --user restart daylong.service",
      "loginctl show-user anna --property=Linger",
    ]);
    expect(readFileSync(unitPath(), "utf8")).toBe(unitText(plan()));
    expect(done.join("\n")).toMatch(/journalctl --user -u daylong -f[\s\S]*loginctl enable-linger anna/);
  });

  test("O04: without a user manager the unit is written, and what to run is said", async () => {
    answers["systemctl --user daemon-reload"] = { code: 1, stderr: "Failed to connect to bus\n" };
    const done = await new SystemdUnit(parts()).install(plan());
    expect(existsSync(unitPath())).toBe(true);
    expect(done.join("\n")).toMatch(/Failed to connect to bus[\s\S]*systemctl --user enable --now daylong/);
    expect(asked).toHaveLength(1);
  });

  test("O04: tells its state, and is removed without a trace", async () => {
    const service = new SystemdUnit(parts());
    expect(await service.status()).toMatchObject({ state: "absent", file: unitPath() });
    await service.install(plan());
    answers["systemctl --user show"] = {
      stdout: "ActiveState=active\nSubState=running\nNRestarts=3\nUnitFileState=enabled\n",
    };
    expect(await service.status()).toMatchObject({
      state: "running",
      detail: "active (running), enabled, restarted 3 times.",
    });
    answers["systemctl --user show"] = { stdout: "ActiveState=failed\nSubState=failed\n" };
    expect((await service.status()).state).toBe("stopped");
    answers["systemctl --user show"] = { code: 1, stderr: "no bus" };
    expect((await service.status()).state).toBe("unknown");
    asked = [];
    await service.uninstall();
    expect([asked, existsSync(unitPath())]).toEqual([
      ["systemctl --user disable --now daylong.service", "systemctl --user daemon-reload"],
      false,
    ]);
    expect((await service.uninstall())[0]).toMatch(/There is no service/);
  });
});

describe("O04: launchd's agent", () => {
  const agentPath = () => join(homeDir, "Library/LaunchAgents/org.daylong.server.plist");

  test("O04: a parser of property lists reads what was meant", () => {
    const log = join(homeDir, "daylong.log");
    const path = join(homeDir, "agent.plist");
    writeFileSync(path, agentText(plan(), log));
    const read = "import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))";
    const agent = JSON.parse(execFileSync("python3", ["-c", read, path], { encoding: "utf8" }));
    expect(agent).toEqual({
      Label: "org.daylong.server",
      ProgramArguments: [
        process.execPath,
        `${homeDir}/lib/daylong.js`,
        "start",
        "--data-dir",
        `${homeDir}/data of 100% & <me>`,
      ],
      EnvironmentVariables: { PATH: "/opt/homebrew/bin:/usr/bin" },
      WorkingDirectory: `${homeDir}/data of 100% & <me>`,
      RunAtLoad: true,
      KeepAlive: { SuccessfulExit: false },
      ThrottleInterval: 20,
      ExitTimeOut: 90,
      ProcessType: "Interactive",
      Umask: 0o077,
      StandardOutPath: log,
      StandardErrorPath: log,
    });
  });

  test("O04: is loaded anew at each installation, tells its state, and is removed", async () => {
    const service = new LaunchAgent(parts());
    expect((await service.status()).state).toBe("absent");
    const done = await service.install(plan());
    const target = "gui/501/org.daylong.server";
    expect(asked).toEqual([`launchctl bootout ${target}`, `launchctl bootstrap gui/501 ${agentPath()}`]);
    expect(done.join("\n")).toContain(join(homeDir, "Library/Logs/Daylong/daylong.log"));
    answers["launchctl print"] = {
      stdout: `${target} = {\n\tstate = running\n\tlast exit code = (never exited)\n}`,
    };
    expect(await service.status()).toMatchObject({
      state: "running",
      detail: "running, last exit code (never exited).",
    });
    answers["launchctl print"] = { code: 113 };
    expect((await service.status()).state).toBe("stopped");
    await service.uninstall();
    expect([asked.at(-1), existsSync(agentPath())]).toEqual([`launchctl bootout ${target}`, false]);
  });

  test("O04: a session without a desktop is told so", async () => {
    answers["launchctl bootstrap"] = { code: 125, stderr: "Domain does not support specified action" };
    await expect(new LaunchAgent(parts()).install(plan())).rejects.toThrow(
      /Domain does not support.*at the Mac itself/,
    );
  });
});
