import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a client answers to `{"do":"report"}`. */
export interface Report {
  sessions: Array<{
    sessionId: string;
    state: string;
    messages: Array<{ role: string; text: string }>;
    openPermissions: string[];
  }>;
  cursor: number;
  epoch: string;
  unsent: string[];
  connection: string;
}

const reportWithinMs = 15_000;

/** The client under test, as a process that is told what its person does. */
export class ClientProcess {
  readonly #command: string;
  readonly #environment: Record<string, string>;
  readonly #log: (line: string) => void;
  #child: ChildProcessWithoutNullStreams | undefined;
  #exited: Promise<void> = Promise.resolve();
  #reports: Array<(report: Report) => void> = [];

  constructor(command: string, environment: Record<string, string>, log: (line: string) => void) {
    this.#command = command;
    this.#environment = environment;
    this.#log = log;
  }

  start(): void {
    // In a group of its own, so that what a shell has started ends with it.
    const child = spawn(this.#command, {
      shell: true,
      detached: true,
      env: { ...process.env, ...this.#environment },
      stdio: "pipe",
    });
    this.#child = child;
    this.#exited = new Promise((done) => child.once("close", () => done()));
    child.on("error", (error) => this.#log(`could not be started: ${error.message}`));
    child.stdin.on("error", () => {});
    createInterface({ input: child.stderr }).on("line", (line) => this.#log(line));
    createInterface({ input: child.stdout }).on("line", (line) => this.#hear(line));
  }

  #hear(line: string): void {
    try {
      const report = JSON.parse(line) as Report;
      if (Array.isArray(report.sessions)) {
        this.#reports.shift()?.(report);
        return;
      }
    } catch {
      // Not a report: what a client prints besides is for people.
    }
    this.#log(line);
  }

  tell(order: Record<string, unknown>): void {
    this.#child?.stdin.write(`${JSON.stringify(order)}\n`);
  }

  report(): Promise<Report> {
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.#reports = this.#reports.filter((one) => one !== settle);
        fail(new Error(`the client did not answer "report" within ${reportWithinMs / 1000} s`));
      }, reportWithinMs);
      const settle = (report: Report) => {
        clearTimeout(timer);
        done(report);
      };
      this.#reports.push(settle);
      this.tell({ do: "report" });
    });
  }

  /** As if the phone had taken it out of memory. */
  async kill(): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    this.#reports = [];
    await this.#exited;
  }

  get hasEnded(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
