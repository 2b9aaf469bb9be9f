import { spawnSync } from "node:child_process";

/** Ends with the command that asked for it, and with it all that runs inside, even what left its process group. */
const ofItsOwn = ["--pid", "--fork", "--mount-proc", "--kill-child"];
/** Allowed to root, and (with a user namespace around it) to everybody on most Linux systems. */
const ways = [ofItsOwn, ["--user", "--map-current-user", ...ofItsOwn]];
/** The shell is the first process of the namespace: it takes leave of orphans, which would otherwise stay as zombies. */
const firstProcess = ["sh", "-c", '"$@"; exit $?', "sh"];

const isAllowed = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: "ignore" }).status === 0;

/**
 * The beginning of a command line that runs the rest in a PID namespace of its own, where no signal reaches a process
 * outside; `undefined` where the operating system has or allows none.
 */
export function processNamespace(isAllowedHere = isAllowed): string[] | undefined {
  const way = ways.find((args) => isAllowedHere("unshare", [...args, "true"]));
  return way && ["unshare", ...way, ...firstProcess];
}

/** Whether a source file sends signals to processes by their id: with a mutant in it, it may end any process. */
export const sendsSignals = (text: string): boolean => /\b(process\.kill|sendSignal)\b/.test(text);
