// One project per kind of test, so that `npx jest --selectProjects unit` runs in seconds.
const base = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } },
    ],
  },
  setupFilesAfterEnv: ["<rootDir>/test/support/deadline.ts"],
};
const project = (name) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

export default {
  projects: [
    { ...base, displayName: "architecture", testMatch: ["<rootDir>/test/architecture/**/*.test.ts"] },
    project("unit"),
    project("integration"),
    project("e2e"),
    project("fault"),
  ],
};
