/** What goes on now, in numbers. */
export interface Workload {
  turns: number;
  /** Those that keep their process: not one that has been silent for hours. */
  tasks: number;
  /** Sessions that have a process. */
  processes: number;
}

/** What the computer is kept awake for (`KEEP_AWAKE`); `off`: nothing. */
export type KeepAwakeMode = "work" | "lease" | "off";

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`;

/** Why the computer has to stay awake, in words; `undefined`: it need not. */
export function reasonToStayAwake(
  mode: KeepAwakeMode,
  { turns, tasks, processes }: Workload,
): string | undefined {
  switch (mode) {
    case "off":
      return undefined;
    case "lease":
      return processes === 0 ? undefined : `${count(processes, "session")} with a process`;
    case "work": {
      const work = [turns > 0 ? count(turns, "turn") : "", tasks > 0 ? count(tasks, "task") : ""];
      const named = work.filter((words) => words !== "").join(" and ");
      return named === "" ? undefined : `${named} running`;
    }
  }
}
