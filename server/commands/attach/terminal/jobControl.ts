import { readFileSync } from "node:fs";

/** Numbers of a process by which job control goes; `undefined`: it is gone, or the system has no `/proc`. */
export type JobOf = (pid: number) => { ppid: number; pgid: number; session: number } | undefined;

/**
 * Whether a stop signal of the terminal's would stop the process, so that a shell can bring it back. The kernel throws it away for
 * an orphaned process group: one without a member whose parent is of another group of the same session (POSIX, 3.264). Asked of
 * the group's own ancestors; a system that does not say is taken to have a shell.
 */
export function isJobOfShell(pid: number, jobOf: JobOf = jobFromProc): boolean {
  const own = jobOf(pid);
  if (own === undefined) return true;
  for (let one = own; ; ) {
    const parent = jobOf(one.ppid);
    if (parent === undefined || parent.session !== own.session) return false;
    if (parent.pgid !== own.pgid) return true;
    one = parent;
  }
}

/** Linux, proc_pid_stat(5): the name stands in brackets and may hold anything, so fields count from its end. */
function jobFromProc(pid: number): ReturnType<JobOf> {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, ppid, pgid, session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { ppid: Number(ppid), pgid: Number(pgid), session: Number(session) };
  } catch {
    return undefined;
  }
}
