export interface OrderParts {
  /** The test files that import the mutated one, with the number of steps. */
  steps: ReadonlyMap<string, number>;
  /** What each took without a mutant, in milliseconds. */
  tookMs: ReadonlyMap<string, number>;
}

/** The path below `server` or below the folder of the tests' kind: a test mirrors what it tests. */
const subjectOf = (path: string) => path.replace(/^(server|test\/[^/]+)\//, "").replace(/(\.test)?\.ts$/, "");

/** Puts first what notices a mutant soonest: the file's own tests, then by steps of imports, then the quick ones. */
export function nearestFirst(file: string, { steps, tookMs }: OrderParts): string[] {
  const isOwn = (test: string) => subjectOf(test) === subjectOf(file);
  const cost = (test: string) => tookMs.get(test) ?? 0;
  return [...steps.keys()].sort(
    (a, b) => Number(isOwn(b)) - Number(isOwn(a)) || steps.get(a)! - steps.get(b)! || cost(a) - cost(b),
  );
}
