import { homedir, userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../platform/runProgram.ts";
import type { Autostart, AutostartPlan } from "./autostart.ts";
import { LaunchAgent } from "./launchAgent.ts";
import { SystemdUnit } from "./systemdUnit.ts";

/** The service manager of this computer. Throws on a system that has neither systemd nor launchd. */
export function ownAutostart(platform: NodeJS.Platform = process.platform): Autostart {
  const { uid, username: user } = userInfo();
  const parts = { homeDir: homedir(), uid, user, environment: process.env, run: runProgram };
  if (platform === "linux") return new SystemdUnit(parts);
  if (platform === "darwin") return new LaunchAgent(parts);
  throw new Error(`There is no service for ${platform}; start the server by its own means.`);
}

/** The service of this very program. */
export const ownPlan = (dataDir: string): AutostartPlan => ({
  node: process.execPath,
  program: fileURLToPath(new URL("../daylong.js", import.meta.url)),
  dataDir,
  path: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
});
