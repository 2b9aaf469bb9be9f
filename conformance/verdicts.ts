export type Verdict = "pass" | "fail" | "warn";

/** What a scenario found about one sentence of the specification. */
export interface Check {
  id: string;
  verdict: Verdict;
  detail: string;
}

/** Collects what a scenario finds. A sentence that was seen to fail once has failed. */
export class Verdicts {
  readonly #checks = new Map<string, Check>();

  pass(id: string, detail = ""): void {
    if (!this.#checks.has(id)) this.#checks.set(id, { id, verdict: "pass", detail });
  }

  warn(id: string, detail: string): void {
    if (this.#checks.get(id)?.verdict !== "fail") this.#checks.set(id, { id, verdict: "warn", detail });
  }

  fail(id: string, detail: string): void {
    if (this.#checks.get(id)?.verdict !== "fail") this.#checks.set(id, { id, verdict: "fail", detail });
  }

  /** `isTrue`, else what was seen instead. */
  that(id: string, isTrue: boolean, seen: string): void {
    if (isTrue) this.pass(id);
    else this.fail(id, seen);
  }

  same(id: string, what: string, seen: unknown, wanted: unknown): void {
    const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
    this.that(id, a === b, `${what}: ${a} instead of ${b}`);
  }

  get all(): Check[] {
    return [...this.#checks.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
