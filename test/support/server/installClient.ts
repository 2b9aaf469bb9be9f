import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** Installs the client below a folder as it is published: its own compiler settings, its own package.json, nothing of the server in reach. */
export async function installClient(dir: string): Promise<void> {
  const installed = join(dir, "node_modules", "daylong-client");
  mkdirSync(installed, { recursive: true });
  const args = ["-p", "client/tsconfig.json", "--outDir", join(installed, "dist")];
  await promisify(execFile)("node_modules/.bin/tsc", args);
  copyFileSync("client/package.json", join(installed, "package.json"));
  symlinkSync(realpathSync("node_modules/ws"), join(dir, "node_modules", "ws"));
}
