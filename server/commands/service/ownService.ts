import { homedir, userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../platform/runProgram.ts";
import { LaunchdService } from "./launchdService.ts";
import type { ServiceManager, ServicePlan } from "./serviceManager.ts";
import { SystemdService } from "./systemdService.ts";

/** The service manager of this computer. Throws on a system that has neither systemd nor launchd. */
export function ownServiceManager(platform: NodeJS.Platform = process.platform): ServiceManager {
  const { uid, username: user } = userInfo();
  const parts = { homeDir: homedir(), uid, user, environment: process.env, run: runProgram };
  if (platform === "linux") return new SystemdService(parts);
  if (platform === "darwin") return new LaunchdService(parts);
  throw new Error(`There is no service for ${platform}; start the server by its own means.`);
}

/** The service of this very program. */
export const ownPlan = (dataDir: string): ServicePlan => ({
  node: process.execPath,
  program: fileURLToPath(new URL("../daylong.js", import.meta.url)),
  dataDir,
  path: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin",
});
