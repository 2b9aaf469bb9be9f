import type { Config } from "../../app/config.ts";
import type { RunProgram } from "../../platform/runProgram.ts";
import type { Autostart } from "../autostart/autostart.ts";
import type { RunningServer } from "../runningServer.ts";

/** What one check found. `wrong`: it has to be mended, or will have to be soon; `note`: it may be meant so. */
export interface Finding {
  check: string;
  state: "ok" | "wrong" | "note";
  detail: string;
  /** How to mend it. */
  mend?: string;
}

/** What the checks look at. */
export interface Patient {
  /** The settings, faulty ones left out. */
  config: Config;
  /** The variables that they were read from. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The faults of the settings and of the files that they stand in. */
  faults: readonly string[];
  /** The demo has a login, a model and an API of its own. */
  isDemo: boolean;
  homeDir: string;
  nodeVersion: string;
  /** The server that runs in the data folder, if one does. */
  server: RunningServer | undefined;
  service: Pick<Autostart, "status">;
  run: RunProgram;
  now(): number;
  /** Bytes that this user can still write beside a path. */
  freeBytesOf(path: string): Promise<number>;
  /** The `Date` of an HTTP answer from elsewhere; `undefined`: nobody answered. */
  timeElsewhere(): Promise<number | undefined>;
  /** The health report of the running server. */
  healthOf(server: RunningServer): Promise<{ checks?: Record<string, { state: string; detail?: string }> }>;
}

/** A check looks at one thing, and says what it found of it. */
export type Check = (patient: Patient) => Promise<Finding | Finding[]> | Finding | Finding[];

export const ok = (check: string, detail: string): Finding => ({ check, state: "ok", detail });
export const wrong = (check: string, detail: string, mend: string): Finding => ({
  check,
  state: "wrong",
  detail,
  mend,
});
export const note = (check: string, detail: string, mend?: string): Finding =>
  mend === undefined ? { check, state: "note", detail } : { check, state: "note", detail, mend };

/** The first sentence of an error. */
export const wordOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
