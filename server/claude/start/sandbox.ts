import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** The programs of which the CLI (2.1.330) makes its sandbox. */
const programsBySystem: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ["bwrap", "socat"],
  darwin: ["sandbox-exec"],
};
/** A sandbox of the kind that the CLI makes, with nothing in it. */
const trial = ["--ro-bind", "/", "/", "--dev", "/dev", "--unshare-net", "--unshare-pid", "--", "true"];
const trialDeadlineMs = 5_000;

/**
 * Why the CLI cannot make its sandbox here, as a person can mend it; `undefined` when it can. Without this look each process would
 * fail to start, one message after the other.
 */
export async function sandboxFault(
  environment: Readonly<Record<string, string | undefined>>,
  system: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  const programs = programsBySystem[system];
  if (programs === undefined) return "SANDBOX: Claude's sandbox is for Linux and macOS; switch it off.";
  const places = new Map<string, string>();
  for (const program of programs) {
    const path = await pathOf(program, environment.PATH ?? "");
    if (path === undefined)
      return `SANDBOX: ${program} is not on the PATH. Install ${system === "linux" ? "bubblewrap and socat" : "it"}, or switch the sandbox off.`;
    places.set(program, path);
  }
  const bwrap = places.get("bwrap");
  const said = bwrap === undefined ? undefined : await complaintOf(bwrap, environment);
  return said === undefined
    ? undefined
    : `SANDBOX: bwrap cannot make a sandbox on this computer (${said}). Allow user namespaces, or switch the sandbox off.`;
}

async function pathOf(program: string, path: string): Promise<string | undefined> {
  for (const directory of path.split(delimiter).filter(Boolean)) {
    const file = join(directory, program);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** What the program says when the trial fails. */
function complaintOf(
  bwrap: string,
  { PATH }: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(bwrap, trial, { env: { PATH }, timeout: trialDeadlineMs }, (error, _stdout, stderr) =>
      resolve(error ? stderr.trim().split("\n", 1)[0] || error.message : undefined),
    );
  });
}
