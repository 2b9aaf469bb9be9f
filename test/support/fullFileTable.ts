import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";

/** Files that the process may open while its table is full: few enough to be quick, more than a test's process has open. */
const files = "512";

/** Fills the process's table of open files, so that every further one is refused with EMFILE; the result empties it again. */
export function fillFileTable(): () => void {
  const own = String(process.pid);
  const before = execFileSync("prlimit", ["--pid", own, "--nofile", "--output=SOFT", "--noheadings"]);
  const setLimit = (soft: string) => execFileSync("prlimit", ["--pid", own, `--nofile=${soft}:`]);
  setLimit(files);
  const held: number[] = [];
  const empty = () => {
    for (const descriptor of held.splice(0)) closeSync(descriptor);
    setLimit(before.toString().trim());
  };
  for (;;) {
    try {
      held.push(openSync("/dev/null", "r"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EMFILE") return empty;
      empty();
      throw error;
    }
  }
}
