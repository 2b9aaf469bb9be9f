import { jest } from "@jest/globals";

// A net for what hangs, far above what a slow and busy machine needs: no test shows by it that something is quick. Longer
// than the waits of the tests (`eventually`, frames, `Prefer: wait`), so that these say what did not come. Jest 30.5
// ignores a per-project `testTimeout`; this file is loaded before each test file instead.
jest.setTimeout(180_000);
