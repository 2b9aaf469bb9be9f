import { join } from "node:path";
import { CliStarts, type CliStartsParts } from "../../../server/claude/start/cliStarts.ts";
import { SettingsFiles } from "../../../server/claude/start/settingsFiles.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The real builder of starts, in a home of the test's: a plain project, nothing denied, no repository's dangers. */
export const startsIn = (
  home: string,
  { standing = "plain", ...parts }: Partial<CliStartsParts> & { standing?: "plain" | "trusted" } = {},
): CliStarts =>
  new CliStarts({
    log: silent,
    environment: { HOME: home, PATH: process.env.PATH },
    trust: { standingOf: async () => standing, rulesOf: () => [] },
    deniedPaths: { list: async () => [] },
    gitDangers: async () => [],
    repositoryDangers: async () => [],
    settingsFiles: new SettingsFiles({ dir: join(home, "process-settings") }),
    ...parts,
  });
