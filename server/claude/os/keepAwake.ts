import { type ChildProcess, spawn } from "node:child_process";
import type { Clock, Log } from "../../domain/ports.ts";
import { type KeepAwakeMode, reasonToStayAwake, type Workload } from "../../domain/processes/workload.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import { operatingSystemOf } from "./operatingSystem.ts";

/** Pause between an event and the look at what runs: a computer does not fall asleep in it, and most turns are over by then. */
const lookAfterMs = 1_000;
/** Pause between two looks while the computer is kept awake. */
const lookAgainMs = 10_000;
/** A program that ended by itself after so long did its work, and is started again at once. */
const provenMs = 60_000;
/** Pause after one that ended sooner, or could not be started. */
const retryMs = 600_000;
const mostSaidChars = 200;

export interface KeepAwakeParts {
  mode: KeepAwakeMode;
  platform: NodeJS.Platform;
  events: Pick<EventStore, "subscribe">;
  workload(): Workload;
  clock: Clock;
  log: Log;
  /** `PATH` of the program that keeps the computer awake; it gets nothing else of the environment. */
  path: string | undefined;
}

/**
 * Inhibitor of the computer's idle sleep: a child process holds it for as long as there is work, and lets go when it ends. The
 * child ends with this process in whatever way that ends: it watches the pid.
 *
 * `released -> holding -> released`; `unavailable` when the child could not be had, until it is tried again.
 */
export class KeepAwake {
  readonly #parts: KeepAwakeParts;
  readonly #unsubscribe: () => void;
  #child: { process: ChildProcess; startedAt: number; said: string } | undefined;
  /** Why the computer is kept awake; `undefined` while there is no need to. */
  #need: string | undefined;
  #fault: { detail: string; retryAt: number } | undefined;
  #nextLook: { at: number; cancel(): void } | undefined;
  #isStopped = false;

  constructor(parts: KeepAwakeParts) {
    this.#parts = parts;
    this.#unsubscribe =
      parts.mode === "off" ? () => {} : parts.events.subscribe(() => this.#lookSoon(lookAfterMs));
  }

  /** Lets the computer sleep. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    this.#nextLook?.cancel();
    this.#release();
  }

  health(): { state: "ok" | "disabled" | "unavailable"; detail: string } {
    if (this.#parts.mode === "off") return { state: "disabled", detail: "KEEP_AWAKE=off" };
    if (this.#child !== undefined) return { state: "ok", detail: `kept awake: ${this.#need}` };
    if (this.#fault !== undefined) return { state: "unavailable", detail: this.#fault.detail };
    return { state: "ok", detail: "nothing to be kept awake for" };
  }

  #lookSoon(afterMs: number): void {
    const lookAt = this.#parts.clock.monotonic() + afterMs;
    if (this.#isStopped || (this.#nextLook !== undefined && this.#nextLook.at <= lookAt)) return;
    this.#nextLook?.cancel();
    const cancel = this.#parts.clock.after(afterMs, () => {
      this.#nextLook = undefined;
      this.#look();
    });
    this.#nextLook = { at: lookAt, cancel };
  }

  #look(): void {
    this.#need = reasonToStayAwake(this.#parts.mode, this.#parts.workload());
    if (this.#need === undefined) {
      this.#release();
      return;
    }
    if (this.#child === undefined && this.#parts.clock.now() >= (this.#fault?.retryAt ?? 0)) this.#hold();
    // What ends without an event is noticed, too.
    this.#lookSoon(lookAgainMs);
  }

  #hold(): void {
    const { platform, clock, log, path } = this.#parts;
    const [command, ...given] = operatingSystemOf(platform).keepAwakeCommand(process.pid);
    // A group of its own, so that the end reaches what the program itself started.
    const child = spawn(command, given, {
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: path },
    });
    child.unref();
    const held = { process: child, startedAt: clock.monotonic(), said: "" };
    this.#child = held;
    child.stderr.on("data", (chunk: Buffer) => {
      held.said = `${held.said}${chunk}`.slice(0, mostSaidChars);
    });
    const over = (reason: string) => {
      if (this.#child !== held) return;
      this.#child = undefined;
      const hasWorked = clock.monotonic() - held.startedAt >= provenMs;
      const detail = `The computer may sleep while it is idle: ${command} ${reason}`;
      if (this.#fault === undefined) log.warn("keep_awake.unavailable", { command, reason });
      this.#fault = { detail, retryAt: clock.now() + (hasWorked ? 0 : retryMs) };
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      over(
        error.code === "ENOENT" ? "is not installed." : `cannot be started (${error.code ?? error.message}).`,
      );
    });
    // `close`: its last words are there.
    child.once("close", (code, signal) => {
      over(`ended with ${signal ?? code}${held.said === "" ? "." : `: ${held.said.trim()}`}`);
    });
    child.once("spawn", () => {
      if (this.#fault === undefined) log.info("keep_awake.held", { pid: child.pid, reason: this.#need });
    });
  }

  #release(): void {
    const held = this.#child;
    if (held === undefined) return;
    this.#child = undefined;
    this.#fault = undefined;
    const { pid } = held.process;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGTERM");
    } catch {
      // It has ended.
    }
    this.#parts.log.info("keep_awake.released", { pid });
  }
}
