import { execFile } from "node:child_process";
import { resolve } from "node:path";

const programPath = resolve("dist/server/commands/daylong.js");

/** What a command printed, and how it ended. */
export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a subcommand of `daylong` to its end, from a folder. */
export function runDaylong(
  args: readonly string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<CommandResult> {
  return runNode(programPath, args, { env, cwd });
}

/** Runs a built program of this repository to its end. */
export function runNode(
  path: string,
  args: readonly string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((done) => {
    const options = { env: Object.assign({ PATH: process.env.PATH ?? "" }, env), cwd, timeout: 60_000 };
    execFile(process.execPath, [path, ...args], options, (error, stdout, stderr) => {
      const { code = 0 } = (error ?? {}) as { code?: number | string };
      done({ code: typeof code === "number" ? code : -1, stdout, stderr });
    });
  });
}
