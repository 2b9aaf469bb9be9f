import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** A disk whose syncs of the database take as long as a test wants, for a server that is started with its environment. */
export class SlowDisk {
  /** On top of the server's own. */
  readonly environment: Record<string, string>;
  readonly #order: string;

  /** Compiled where better-sqlite3 was: whoever has one has the other. */
  constructor(folder: string) {
    const library = join(folder, "slowDisk.so");
    this.#order = join(folder, "slow-disk");
    execFileSync("cc", [
      "-shared",
      "-fPIC",
      "-O1",
      "-o",
      library,
      resolve("test/support/slowDisk.c"),
      "-ldl",
    ]);
    this.environment = { LD_PRELOAD: library, SLOW_DISK: this.#order };
  }

  /** From now on each sync takes so much longer. */
  slow(byMs: number): void {
    writeFileSync(this.#order, String(byMs));
  }

  /** From now on each sync fails with an input/output error. */
  refuse(): void {
    writeFileSync(this.#order, "refuse");
  }

  /** As fast as it is; what is owed is paid at once. */
  mend(): void {
    rmSync(this.#order, { force: true });
  }
}
