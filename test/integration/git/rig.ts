import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach } from "@jest/globals";
import { GitProgram } from "../../../server/git/gitProgram.ts";
import { ManualClock } from "../../support/manualClock.ts";

/** A folder with a project root in it, where real repositories are made by the real git. */
export interface GitRig {
  folder: string;
  root: string;
  /** An empty directory in the root. */
  project: string;
  /** The owner's home, where their own configuration lies. */
  home: string;
  clock: ManualClock;
  program: GitProgram;
  /** Runs git in a directory, as the owner would in a terminal. */
  git(cwd: string, ...args: string[]): string;
  /** Makes a repository with a first commit of these files. */
  commit(directory: string, files: Record<string, string>): void;
  write(directory: string, files: Record<string, string>): void;
  /** A command that leaves a canary when it is run, and lets its input through. */
  trap(name: string): string;
  /** The canaries that were left. */
  canaries(): string[];
}

export function useGitRig(): GitRig {
  const rig = {} as GitRig;
  beforeEach(() => {
    rig.folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-test-git-")));
    rig.root = join(rig.folder, "root");
    rig.project = join(rig.root, "project");
    rig.home = join(rig.folder, "home");
    for (const directory of [rig.project, rig.home, join(rig.folder, "canaries"), join(rig.folder, "traps")])
      mkdirSync(directory, { recursive: true });
    rig.clock = new ManualClock();
    rig.program = new GitProgram({ PATH: process.env.PATH, HOME: rig.home });
  });
  afterEach(() => rmSync(rig.folder, { recursive: true, force: true }));

  rig.git = (cwd, ...args) =>
    execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.org", ...args], {
      cwd,
      env: { PATH: process.env.PATH, HOME: rig.home, GIT_CONFIG_NOSYSTEM: "1" },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  rig.write = (directory, files) => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
  };
  rig.commit = (directory, files) => {
    mkdirSync(directory, { recursive: true });
    if (!existsSync(join(directory, ".git"))) rig.git(directory, "init", "-q", "-b", "main");
    rig.write(directory, files);
    rig.git(directory, "add", "-A");
    rig.git(directory, "commit", "-q", "-m", "A commit");
  };
  rig.trap = (name) => {
    const script = join(rig.folder, "traps", name);
    writeFileSync(script, `#!/bin/sh\n: > '${join(rig.folder, "canaries", name)}'\ncat\n`);
    chmodSync(script, 0o755);
    return script;
  };
  rig.canaries = () => readdirSync(join(rig.folder, "canaries")).sort();
  return rig;
}
