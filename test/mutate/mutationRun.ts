import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Chance } from "../support/chance.ts";
import { ImportGraph } from "./importGraph.ts";
import { type Mutant, mutantsOf, shown, shuffled } from "./mutant.ts";
import { processNamespace, sendsSignals } from "./processNamespace.ts";
import { type Verdict, verdictOn } from "./score.ts";
import { nearestFirst } from "./testOrder.ts";
import { type TestEnd, type TestFile, TestRun } from "./testRun.ts";
import { thoseThatTypeCheck } from "./typeCheck.ts";
import { filesOfTree, WorkingCopy } from "./workingCopy.ts";

/** The folders whose files decide. */
const decidingFolders = [
  "server/pool",
  "server/delivery",
  "server/access",
  "server/claude",
  "server/push",
  "server/http/routes",
];
const quickTests = /^test\/(unit|integration)\/.*\.test\.ts$/;

/** Of mutants at random, fewer than half fail the type check. */
const checkedAtOnce = 1.6;
/** A test file may take so many times its time without a mutant, and some seconds for a busy machine. */
const patience = 4;
const patienceMs = 10_000;
const dryRunLimitMs = 180_000;

const secondsSince = (beganAt: number) => ((performance.now() - beganAt) / 1_000).toFixed(1);

export interface MutationParts {
  tree: string;
  /** Files and folders to mutate, relative to the tree; empty for all that decide. */
  files: readonly string[];
  seed: number;
  count: number;
  onProgress(line: string): void;
}

/** The run cannot begin: unknown files, or tests that fail without any mutant. The message is for the person at the terminal. */
export class MutationRunError extends Error {}

/**
 * Mutation test of the quick tests: draws mutants, lets the tests that import each one run over it, nearest first, and
 * collects the verdicts. Works in copies of the tree, which `run` removes in the end.
 */
export class MutationRun {
  readonly #parts: MutationParts;
  readonly #running = new Set<TestRun>();
  #copies: WorkingCopy[] = [];
  /** The test files that import a mutated file, with the number of steps. */
  readonly #tests = new Map<string, Map<string, number>>();
  readonly #tookMs = new Map<string, number>();
  readonly #namespace = processNamespace();
  #isStopped = false;

  constructor(parts: MutationParts) {
    this.#parts = parts;
  }

  async run(): Promise<Verdict[]> {
    const folder = mkdtempSync(join(realpathSync(tmpdir()), "mutate-"));
    try {
      return await this.#runIn(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Ends early; `run` answers with the verdicts so far. */
  stop(): void {
    this.#isStopped = true;
    for (const run of this.#running) run.stop();
  }

  async #runIn(folder: string): Promise<Verdict[]> {
    const { tree, onProgress } = this.#parts;
    const files = filesOfTree(tree);
    const workers = Math.max(1, Math.min(2, availableParallelism()));
    this.#copies = Array.from(
      { length: workers },
      (_, index) => new WorkingCopy(tree, files, join(folder, String(index))),
    );
    const beganAt = performance.now();
    const mutants = this.#draw(files);
    const mutated = [...new Set(mutants.map(({ file }) => file))];
    onProgress(`${mutants.length} mutants in ${mutated.length} files drawn (${secondsSince(beganAt)} s)`);

    const graph = new ImportGraph(
      tree,
      files.filter((file) => file.endsWith(".ts")),
    );
    for (const file of mutated)
      this.#tests.set(file, new Map([...graph.reach(file)].filter(([reached]) => quickTests.test(reached))));
    await this.#runWithoutMutant();
    return this.#judge(mutants);
  }

  #filesToMutate(files: readonly string[]): readonly string[] {
    const within = (folders: readonly string[]) =>
      files.filter(
        (file) =>
          file.endsWith(".ts") && folders.some((named) => file === named || file.startsWith(`${named}/`)),
      );
    const named = this.#parts.files.map((path) => path.replace(/\/$/, ""));
    const unknown = named.filter((path) => within([path]).length === 0);
    if (unknown.length > 0)
      throw new MutationRunError(
        `No TypeScript file in the tree: ${unknown.join(", ")}. See scripts/mutate --help.`,
      );
    return this.#withoutSenders(within(named.length > 0 ? named : decidingFolders));
  }

  /** Outside a namespace, a mutant of a file that sends signals may end any process of the machine. */
  #withoutSenders(files: readonly string[]): readonly string[] {
    if (this.#namespace) return files;
    const isSender = (file: string) => sendsSignals(readFileSync(join(this.#parts.tree, file), "utf8"));
    const senders = files.filter(isSender);
    if (senders.length > 0)
      this.#parts.onProgress(`no PID namespace can be had here; left out are ${senders.join(", ")}`);
    return files.filter((file) => !senders.includes(file));
  }

  #draw(files: readonly string[]): Mutant[] {
    const { tree, seed, count } = this.#parts;
    const candidates = this.#filesToMutate(files).flatMap((file) =>
      mutantsOf(file, readFileSync(join(tree, file), "utf8")),
    );
    const order = shuffled(candidates, new Chance(seed));
    const drawn: Mutant[] = [];
    for (let at = 0; at < order.length && drawn.length < count; ) {
      const next = order.slice(at, at + Math.ceil((count - drawn.length) * checkedAtOnce));
      at += next.length;
      drawn.push(...thoseThatTypeCheck(this.#copies[0]!.root, next));
    }
    return drawn.slice(0, count);
  }

  /** Without a mutant all tests must pass, or their failures would say nothing; measures each file's time. */
  async #runWithoutMutant(): Promise<void> {
    const tests = [...new Set([...this.#tests.values()].flatMap((steps) => [...steps.keys()]))].sort();
    const beganAt = performance.now();
    this.#parts.onProgress(`${tests.length} test files without a mutant ...`);
    const ends = await Promise.all(
      this.#copies.map((copy, worker) => {
        const share = tests.filter((_, index) => index % this.#copies.length === worker);
        return this.#test(
          copy,
          share.map((path) => ({ path, limitMs: dryRunLimitMs })),
        );
      }),
    );
    if (this.#isStopped) return;
    for (const end of ends)
      if (end && end.end !== "passed")
        throw new MutationRunError(`The tests do not pass without a mutant: ${JSON.stringify(end)}`);
    this.#parts.onProgress(`they pass (${secondsSince(beganAt)} s)`);
  }

  async #judge(mutants: readonly Mutant[]): Promise<Verdict[]> {
    const waiting = [...mutants];
    const verdicts: Verdict[] = [];
    const work = async (copy: WorkingCopy) => {
      for (let mutant = waiting.shift(); mutant && !this.#isStopped; mutant = waiting.shift()) {
        const { file, text } = mutant;
        const order = nearestFirst(file, { steps: this.#tests.get(file)!, tookMs: this.#tookMs });
        const tests = order.map((path) => ({ path, limitMs: this.#limitOf(path) }));
        const beganAt = performance.now();
        const end = await copy.withText(file, text, () => this.#test(copy, tests));
        if (this.#isStopped) return;
        const verdict = verdictOn(mutant, end);
        verdicts.push(verdict);
        const seconds = secondsSince(beganAt);
        this.#parts.onProgress(
          `${verdicts.length}/${mutants.length} ${verdict.fate} (${seconds} s) ${file}:${mutant.line} ${verdict.by ? shown(verdict.by) : ""}`,
        );
      }
    };
    await Promise.all(this.#copies.map(work));
    return verdicts.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
  }

  #limitOf(test: string): number {
    return (this.#tookMs.get(test) ?? 0) * patience + patienceMs;
  }

  /** `undefined` when there is nothing to run. */
  async #test(copy: WorkingCopy, tests: readonly TestFile[]): Promise<TestEnd | undefined> {
    if (tests.length === 0 || this.#isStopped) return undefined;
    const run = new TestRun({
      copy,
      tests,
      namespace: this.#namespace,
      onPassed: (file, tookMs) => {
        if (!this.#tookMs.has(file)) this.#tookMs.set(file, tookMs);
      },
    });
    this.#running.add(run);
    try {
      return await run.end();
    } finally {
      this.#running.delete(run);
    }
  }
}
