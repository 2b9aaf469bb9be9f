// One project per kind of test, so that `npx jest --selectProjects unit` runs in seconds.
export const base = {
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "es6" } },
    ],
  },
};
const deadline = (name) => ({ setupFilesAfterEnv: [`<rootDir>/test/support/${name}.ts`] });
const project = (name, deadlineName) => ({
  ...base,
  ...deadline(deadlineName),
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
});

export default {
  projects: [
    {
      ...base,
      ...deadline("quickDeadline"),
      displayName: "architecture",
      testMatch: ["<rootDir>/test/architecture/**/*.test.ts"],
    },
    project("unit", "quickDeadline"),
    project("integration", "quickDeadline"),
    project("e2e", "deadline"),
    project("fault", "deadline"),
    project("browser", "deadline"),
  ],
};
