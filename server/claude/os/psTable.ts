import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";
import { processMark } from "../start/environment.ts";
import { type ProcRow, ticksPerSecond } from "./processTable.ts";

/**
 * The process table as `ps` prints it, for systems without `/proc`: macOS above all. POSIX names the options and columns
 * (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/ps.html) but `stat`, `rss` and `lstart`, which the `ps` of
 * macOS, of the BSDs and of Linux have alike. An option for each column, because the text after a `=` may be taken for
 * the heading to its end.
 */
const columns = ["pid", "ppid", "pgid", "stat", "time", "rss", "lstart"];
const tableArguments = ["-A", "-ww", ...columns.flatMap((name) => ["-o", `${name}=`])];

/**
 * The start times in English and in a time zone that knows no summer, whatever the owner's are: a computer that travels
 * must not take its own processes for others.
 */
const plainEnvironment = { PATH: process.env.PATH ?? "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC0" };
const psOptions = { env: plainEnvironment, maxBuffer: 64 * 1_024 ** 2 };

/** `[[days-]hours:]minutes:seconds[.hundredths]` of `ps -o time`, in seconds; NaN for anything else. */
export function secondsOfTime(text: string): number {
  const match = /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d+(?:[.,]\d+)?)$/.exec(text);
  if (match === null) return Number.NaN;
  const [, days = "0", hours = "0", minutes = "0", seconds = "0"] = match;
  return (
    ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds.replace(",", "."))
  );
}

/** `lstart` in the words that rows have it in: whole seconds since the epoch, or the text as it is. */
export function startOfText(lstart: string): string {
  const text = lstart.trim().replace(/\s+/g, " ");
  const at = Date.parse(`${text} UTC`);
  return Number.isNaN(at) ? text : String(at / 1_000);
}

/**
 * Whether two readings of a start time are of one process. The `ps` of Linux reckons it from the time since the boot, and
 * two readings may differ by a second.
 */
export const isSameSecond = (one: string, other: string): boolean =>
  one === other || Math.abs(Number(one) - Number(other)) <= 1;

/** The rows of what `ps` printed; a line of another shape is none. */
export const parsePsTable = (text: string): ProcRow[] =>
  text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\d+)\s+(\S.*\S)\s*$/.exec(line);
    const seconds = secondsOfTime(match?.[5] ?? "");
    if (match === null || Number.isNaN(seconds)) return [];
    return [
      {
        pid: Number(match[1]),
        ppid: Number(match[2]),
        pgid: Number(match[3]),
        zombie: match[4]!.startsWith("Z"),
        cpuTicks: Math.round(seconds * ticksPerSecond),
        // In units of 1,024 bytes (ps(1) of macOS).
        residentPages: Number(match[6]),
        startTicks: startOfText(match[7]!),
      },
    ];
  });

/** The processes whose environment, which `ps -E` prints after the command, gives the variable a value that is a mark. */
export function parseMarks(
  text: string,
  isMark: (value: string) => boolean,
  variable = processMark,
): Map<number, string> {
  const marked = new Map<number, string>();
  for (const line of text.split("\n")) {
    const pid = /^\s*(\d+)\s/.exec(line)?.[1];
    if (pid === undefined) continue;
    for (const [, value] of line.matchAll(new RegExp(`\\s${variable}=(\\S+)`, "g")))
      if (value !== undefined && isMark(value)) marked.set(Number(pid), value);
  }
  return marked;
}

const run = promisify(execFile);

export const readPsTable = async (): Promise<ProcRow[]> =>
  parsePsTable((await run("ps", tableArguments, psOptions)).stdout);

/**
 * The marks that the system shows: macOS shows the environment of the owner's own programs, but not of those that it
 * protects itself (`/bin/sh`, `/bin/sleep`). Another `ps` knows no `-E`, and then there are none.
 */
export const readPsMarks = (
  isMark: (value: string) => boolean,
  variable = processMark,
): Promise<Map<number, string>> =>
  run("ps", ["-A", "-E", "-ww", "-o", "pid=", "-o", "command="], psOptions).then(
    ({ stdout }) => parseMarks(stdout, isMark, variable),
    () => new Map(),
  );

/** The start time of a process, as its row has it. Blocks for some milliseconds: a start must be on record at once. */
export function psStartOf(pid: number): string | null {
  try {
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    const options = { env: plainEnvironment, encoding: "utf8" as const, stdio };
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], options);
    return text.trim() === "" ? null : startOfText(text);
  } catch {
    return null;
  }
}

/** The command and its arguments; empty when the process is gone. */
export const psCommandOf = (pid: number): Promise<string> =>
  run("ps", ["-ww", "-o", "args=", "-p", String(pid)], psOptions).then(
    ({ stdout }) => stdout.trim(),
    () => "",
  );
