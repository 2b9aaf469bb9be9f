import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";

/** Files of the tree as they lie there, relative to its root: tracked, and new ones that are not ignored. */
export function filesOfTree(root: string): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  // A tracked file may have been deleted; a link is listed as a file.
  return [...new Set(listed.split("\0"))]
    .filter((file) => file !== "" && existsSync(join(root, file)))
    .sort();
}

/** A copy of the tree to mutate, with the packages linked; tests in it keep their own temporary folder beside it. */
export class WorkingCopy {
  readonly root: string;
  readonly temporaryFolder: string;
  readonly cacheFolder: string;

  constructor(tree: string, files: readonly string[], folder: string) {
    this.root = join(folder, "tree");
    this.temporaryFolder = join(folder, "tmp");
    this.cacheFolder = join(folder, "cache");
    for (const made of [this.root, this.temporaryFolder, this.cacheFolder])
      mkdirSync(made, { recursive: true });
    for (const file of files) {
      if (file === "node_modules") continue;
      mkdirSync(dirname(join(this.root, file)), { recursive: true });
      copyFileSync(join(tree, file), join(this.root, file));
    }
    symlinkSync(realpathSync(join(tree, "node_modules")), join(this.root, "node_modules"));
  }

  /** Runs the work while the file holds another text. */
  async withText<T>(file: string, text: string, work: () => Promise<T>): Promise<T> {
    const path = join(this.root, file);
    const original = readFileSync(path);
    writeFileSync(path, text);
    try {
      return await work();
    } finally {
      writeFileSync(path, original);
    }
  }
}
