import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Autostart,
  type AutostartParts,
  type AutostartPlan,
  type AutostartStatus,
  restartSeconds,
  stopSeconds,
} from "./autostart.ts";

const unitName = "daylong.service";
const logCommand = "journalctl --user -u daylong -f";

/** An argument of `ExecStart`: in quotes, with the letters escaped that mean something there (systemd.service(5), systemd.syntax(7)). */
const quoted = (text: string): string =>
  `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;
/** The same where `$` is a letter like others. */
const quotedSetting = (text: string): string => `"${text.replace(/[\\"]/g, "\\$&").replaceAll("%", "%%")}"`;

/** The unit file. Settings are not in it: the program reads `.env` of its data folder by itself. */
export const unitText = ({ node, program, dataDir, path }: AutostartPlan): string => `[Unit]
Description=Daylong: keeps Claude sessions alive and brings them to the phone
After=network-online.target
# It is started again for as long as it takes; the pauses grow.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${quoted(node)} ${quoted(program)} start --data-dir ${quoted(dataDir)}
Environment=${quotedSetting(`PATH=${path}`)}
# glibc gives each thread a heap of its own, which it seldom gives back: 4 MB of a server at rest.
Environment=MALLOC_ARENA_MAX=1
Restart=on-failure
RestartSec=${restartSeconds}
RestartSteps=7
RestartMaxDelaySec=300
# A wrong configuration or command line is not mended by another start.
RestartPreventExitStatus=64 78
# The server ends its processes itself, turns first; what is left after that is killed with it.
KillMode=mixed
TimeoutStopSec=${stopSeconds}
UMask=0077

[Install]
WantedBy=default.target
`;

/** Manager of the user's own systemd (`systemctl --user`). */
export class SystemdUnit implements Autostart {
  readonly #parts: AutostartParts;
  readonly #file: string;

  constructor(parts: AutostartParts) {
    this.#parts = parts;
    const config = parts.environment.XDG_CONFIG_HOME || join(parts.homeDir, ".config");
    this.#file = join(config, "systemd", "user", unitName);
  }

  async install(plan: AutostartPlan): Promise<string[]> {
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, unitText(plan));
    const done = [`Wrote ${this.#file}.`];
    const reload = await this.#systemctl("daemon-reload");
    if (reload.code !== 0) {
      done.push(
        `The user's systemd could not be reached (${oneLine(reload.stderr) || "systemctl is not there"}). Log in as ${this.#parts.user} with a session of your own (not su or sudo), then run: systemctl --user enable --now daylong`,
      );
      return done;
    }
    // `restart` rather than `start`: an upgrade installs the service again.
    for (const order of [
      ["enable", unitName],
      ["restart", unitName],
    ]) {
      const { code, stderr } = await this.#systemctl(...order);
      if (code !== 0) throw new Error(`systemctl --user ${order.join(" ")} failed: ${oneLine(stderr)}`);
    }
    done.push("Started, and again at each login.", `Its log: ${logCommand}`);
    if (!(await this.#lingers())) done.push(this.#lingerHint());
    return done;
  }

  async uninstall(): Promise<string[]> {
    if (!existsSync(this.#file)) return [`There is no service: ${this.#file} is not there.`];
    await this.#systemctl("disable", "--now", unitName);
    rmSync(this.#file, { force: true });
    await this.#systemctl("daemon-reload");
    return [`Stopped the service and removed ${this.#file}. The data folder is as it was.`];
  }

  async status(): Promise<AutostartStatus> {
    const file = this.#file;
    const log = logCommand;
    if (!existsSync(file)) return { state: "absent", detail: "No service is installed.", file, log };
    const { code, stdout, stderr } = await this.#systemctl(
      "show",
      unitName,
      "--property=ActiveState,SubState,NRestarts,UnitFileState",
    );
    if (code !== 0)
      return {
        state: "unknown",
        detail: `The user's systemd could not be asked: ${oneLine(stderr)}`,
        file,
        log,
      };
    const values = Object.fromEntries(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split("=", 2)),
    );
    const { ActiveState: active, SubState: sub, NRestarts: restarts = "0", UnitFileState: start } = values;
    const words = [`${active} (${sub}), ${start}, restarted ${restarts} times.`];
    if (!(await this.#lingers())) words.push(this.#lingerHint());
    return { state: active === "active" ? "running" : "stopped", detail: words.join(" "), file, log };
  }

  #systemctl(...args: string[]) {
    return this.#parts.run("systemctl", ["--user", ...args]);
  }

  /** Whether the user's services run without a login; where it cannot be told, nothing is said. */
  async #lingers(): Promise<boolean> {
    const { code, stdout } = await this.#parts.run("loginctl", [
      "show-user",
      this.#parts.user,
      "--property=Linger",
    ]);
    return code !== 0 || !stdout.includes("Linger=no");
  }

  #lingerHint(): string {
    return `It ends with your last login and starts with your next one; to run it from boot on: loginctl enable-linger ${this.#parts.user}`;
  }
}

const oneLine = (text: string): string => text.trim().replace(/\s+/g, " ").slice(0, 300);
