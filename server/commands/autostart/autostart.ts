import type { RunProgram } from "../../platform/runProgram.ts";

/** What the operating system is to run. All paths are absolute. */
export interface AutostartPlan {
  /** Node itself, and the program `daylong`. */
  node: string;
  program: string;
  dataDir: string;
  /** The PATH of the terminal that installs it: a service manager's own holds neither Homebrew's folders nor the owner's. */
  path: string;
}

export interface AutostartStatus {
  state: "running" | "stopped" | "absent" | "unknown";
  /** A sentence: what there is, and what has to be done where something has. */
  detail: string;
  /** The file that tells the system of the service. */
  file: string;
  /** The command that shows the log, or the file that it is in. */
  log: string;
}

/** Port of the system's service manager: systemd's of the user on Linux, launchd on macOS. */
export interface Autostart {
  /** Writes the service's file and starts it now and at each login or boot. Returns what was done, a sentence each. */
  install(plan: AutostartPlan): Promise<string[]>;
  /** Stops the service and removes its file. Idempotent. */
  uninstall(): Promise<string[]>;
  status(): Promise<AutostartStatus>;
}

export interface AutostartParts {
  homeDir: string;
  uid: number;
  user: string;
  environment: Readonly<Record<string, string | undefined>>;
  run: RunProgram;
}

/** A crash is followed by a new start after so many seconds; systemd doubles it with each, up to five minutes. */
export const restartSeconds = 2;
/** A stop drains turns and ends processes; the system waits so long before it kills. */
export const stopSeconds = 90;
