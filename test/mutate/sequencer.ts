/** Environment variable with the paths of the test files as a JSON list, in the order in which they are to run. */
export const orderVariable = "DAYLONG_TEST_ORDER";

interface TestOfFile {
  path: string;
}

/** Jest sequencer that runs test files in the order that the environment names. */
export default class NamedOrderSequencer {
  sort(tests: TestOfFile[]): TestOfFile[] {
    const order = JSON.parse(process.env[orderVariable] ?? "[]") as string[];
    return [...tests].sort((a, b) => order.indexOf(a.path) - order.indexOf(b.path));
  }

  allFailedTests(tests: TestOfFile[]): TestOfFile[] {
    return tests;
  }

  cacheResults(): void {}
}
