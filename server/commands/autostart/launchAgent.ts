import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Autostart,
  type AutostartParts,
  type AutostartPlan,
  type AutostartStatus,
  stopSeconds,
} from "./autostart.ts";

const label = "org.daylong.server";
/** launchd knows no growing pauses: it waits so long between two starts, at least. */
const throttleSeconds = 20;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const element = (name: string, text: string): string => `<${name}>${escaped(text)}</${name}>`;

/** The launch agent's property list (launchd.plist(5)). Settings are not in it: the program reads `.env` of its data folder. */
export const agentText = ({ node, program, dataDir, path }: AutostartPlan, logFile: string): string => {
  const strings = [node, program, "start", "--data-dir", dataDir].map(
    (one) => `    ${element("string", one)}`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${element("string", label)}
  <key>ProgramArguments</key>
  <array>
${strings.join("\n")}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>PATH</key>
    ${element("string", path)}
  </dict>
  <key>WorkingDirectory</key>
  ${element("string", dataDir)}
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  ${element("integer", String(throttleSeconds))}
  <key>ExitTimeOut</key>
  ${element("integer", String(stopSeconds))}
  <key>ProcessType</key>
  ${element("string", "Interactive")}
  <key>Umask</key>
  ${element("integer", String(0o077))}
  <key>StandardOutPath</key>
  ${element("string", logFile)}
  <key>StandardErrorPath</key>
  ${element("string", logFile)}
</dict>
</plist>
`;
};

/** Manager of the user's launch agents on macOS (`launchctl`). */
export class LaunchAgent implements Autostart {
  readonly #parts: AutostartParts;
  readonly #file: string;
  readonly #logFile: string;

  constructor(parts: AutostartParts) {
    this.#parts = parts;
    this.#file = join(parts.homeDir, "Library", "LaunchAgents", `${label}.plist`);
    this.#logFile = join(parts.homeDir, "Library", "Logs", "Daylong", "daylong.log");
  }

  async install(plan: AutostartPlan): Promise<string[]> {
    const { run } = this.#parts;
    for (const folder of [dirname(this.#file), dirname(this.#logFile)])
      mkdirSync(folder, { recursive: true });
    writeFileSync(this.#file, agentText(plan, this.#logFile));
    // One that is loaded has to go before its file is read anew; none is no fault.
    await run("launchctl", ["bootout", this.#target]);
    const { code, stderr } = await run("launchctl", ["bootstrap", this.#domain, this.#file]);
    if (code !== 0)
      throw new Error(
        `launchctl bootstrap failed: ${stderr.trim() || "launchctl is not there"}. Log in at the Mac itself: a launch agent needs its desktop.`,
      );
    return [
      `Wrote ${this.#file}.`,
      "Started, and again at each login.",
      `Its log: ${this.#logFile}`,
      "A Mac with its lid closed sleeps all the same; docs/remote-access.md says more.",
    ];
  }

  async uninstall(): Promise<string[]> {
    if (!existsSync(this.#file)) return [`There is no service: ${this.#file} is not there.`];
    await this.#parts.run("launchctl", ["bootout", this.#target]);
    rmSync(this.#file, { force: true });
    return [`Stopped the service and removed ${this.#file}. The data folder is as it was.`];
  }

  async status(): Promise<AutostartStatus> {
    const [file, log] = [this.#file, this.#logFile];
    if (!existsSync(file)) return { state: "absent", detail: "No service is installed.", file, log };
    const { code, stdout } = await this.#parts.run("launchctl", ["print", this.#target]);
    if (code !== 0)
      return { state: "stopped", detail: "The agent is not loaded; install it again.", file, log };
    const state = /^\s*state = (.+)$/m.exec(stdout)?.[1] ?? "unknown";
    const ended = /^\s*last exit code = (.+)$/m.exec(stdout)?.[1];
    const detail = `${state}${ended === undefined ? "" : `, last exit code ${ended}`}.`;
    return { state: state === "running" ? "running" : "stopped", detail, file, log };
  }

  get #domain(): string {
    return `gui/${this.#parts.uid}`;
  }

  get #target(): string {
    return `${this.#domain}/${label}`;
  }
}
