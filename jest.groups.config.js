// The tests of architecture, unit and integration in groups of files that share their modules. Jest gives each test file modules of its
// own; for most files loading these took longer than the tests. `jest.config.js` runs each file alone.
import { base } from "./jest.config.js";
import { writeGroups } from "./test/support/groups/writeGroups.mjs";

const directory = "dist/test-groups";
const isQuick = process.env.DAYLONG_TEST_QUICK === "1";
writeGroups({ kinds: ["architecture", "unit", "integration"], directory, isQuick });

export default {
  ...base,
  // Not in TMPDIR, as is Jest's habit: that is a new folder for each run of `scripts/test`.
  cacheDirectory: "node_modules/.cache/jest",
  testEnvironment: "<rootDir>/test/support/groups/environment.mjs",
  setupFilesAfterEnv: ["<rootDir>/test/support/quickDeadline.ts"],
  testMatch: [`<rootDir>/${directory}/*.test.js`],
};
