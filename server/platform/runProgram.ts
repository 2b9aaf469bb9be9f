import { execFile } from "node:child_process";

/** How another program ended; `code: null`: it could not be started, or was ended after its time. */
export interface ProgramResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs another program to its end, without a shell. Never rejects. */
export type RunProgram = (command: string, args: readonly string[]) => Promise<ProgramResult>;

const patienceMs = 20_000;
const mostOutputBytes = 4 * 1024 * 1024;

export const runProgram: RunProgram = (command, args) =>
  new Promise((resolve) => {
    const options = { timeout: patienceMs, killSignal: "SIGKILL" as const, maxBuffer: mostOutputBytes };
    execFile(command, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      resolve({ code, stdout, stderr });
    });
  });
