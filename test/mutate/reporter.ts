import { writeSync } from "node:fs";

/** What the run of tests tells the process that started it: a line of JSON each, on file descriptor 3. */
export type TestNews =
  | { type: "started"; file: string }
  | { type: "passed"; file: string; tookMs: number }
  | { type: "failed"; file: string; title: string };

interface TestOfFile {
  path: string;
}

/**
 * Jest reporter that ends the run at the first test that fails: Jest's own `--bail` waits until the rest of the file has
 * run, which may be many deadlines long.
 */
export default class FirstFailureReporter {
  #startedAt = performance.now();

  onTestFileStart(test: TestOfFile): void {
    this.#startedAt = performance.now();
    this.#tell({ type: "started", file: test.path });
  }

  onTestCaseResult(test: TestOfFile, result: { status: string; fullName: string }): void {
    if (result.status === "failed") this.#fail(test.path, result.fullName);
  }

  onTestResult(
    test: TestOfFile,
    result: { numFailingTests: number; testExecError?: unknown; failureMessage?: string | null },
  ): void {
    // The file could not be loaded, or something failed outside of its tests.
    if (result.testExecError || result.numFailingTests > 0 || result.failureMessage)
      this.#fail(test.path, "the test file");
    this.#tell({ type: "passed", file: test.path, tookMs: performance.now() - this.#startedAt });
  }

  #fail(file: string, title: string): never {
    this.#tell({ type: "failed", file, title });
    process.exit(1);
  }

  #tell(news: TestNews): void {
    writeSync(3, `${JSON.stringify(news)}\n`);
  }
}
