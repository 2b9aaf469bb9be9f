import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DemoModel } from "../../demo/model.ts";
import { withoutTrailing } from "../../domain/trimText.ts";
import { makeFolder } from "../../platform/filesystem/paths.ts";

/** Where the demo's data is when nothing says so. */
export const demoDataDir = "~/.daylong-demo";

/** Beside the data folder, whose entries are closed to Claude's tools. */
const demoHome = (dataDir: string): string => `${withoutTrailing(dataDir, "/")}-home`;

/** The folder of the demo's projects, in its data folder. */
export const demoProjects = (dataDir: string): string => join(dataDir, "projects");

/** A folder of its own, a project to play with, and nothing of the owner's: neither login nor settings nor network. */
export function makeDemoFolders(dataDir: string): void {
  const project = join(demoProjects(dataDir), "hello");
  makeFolder(demoHome(dataDir), 0o700);
  makeFolder(project, 0o755);
  writeFileSync(
    join(project, "README.md"),
    "# Hello\n\nA project to try Daylong with. The demo model may change it.\n",
  );
}

/** The environment of which the demo's CLI gets the allowed part. */
export const demoCliEnvironment = (
  dataDir: string,
  model: DemoModel,
  environment: Record<string, string | undefined>,
) => ({
  PATH: environment.PATH,
  LANG: environment.LANG,
  TMPDIR: environment.TMPDIR,
  SHELL: environment.SHELL,
  HOME: demoHome(dataDir),
  CLAUDE_CONFIG_DIR: join(demoHome(dataDir), ".claude"),
  ANTHROPIC_BASE_URL: model.url,
  // Any key will do; the demo model does not look at it.
  ANTHROPIC_API_KEY: "demo",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
});
