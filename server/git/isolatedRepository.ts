import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyRegular, UnreadableFile } from "./boundedFile.ts";
import { quoted, type ReadingSettings } from "./configuration.ts";
import type { Repository } from "./repository.ts";

const maxIndexBytes = 512 * 1024 * 1024;
const maxListBytes = 1024 * 1024;
/** Most shared parts of a split index: git keeps two or three. */
const maxSharedIndexes = 16;

/**
 * A git directory of our own, through which a repository is read: objects are borrowed, the index is a copy, the configuration is
 * ours. The repository's configuration is never in force for a command that looks at files, and nothing is written into the
 * repository: an index that git refreshes and an object that it makes land here.
 */
export class IsolatedRepository {
  readonly #dir: string;
  readonly #topDir: string;
  /** A second index, with the files that are to be compared by themselves. */
  readonly selectionPath: string;

  private constructor(dir: string, topDir: string) {
    this.#dir = dir;
    this.#topDir = topDir;
    this.selectionPath = join(dir, "selection");
  }

  /** `head`: the object id of the last commit. Throws `UnreadableFile` for an index that is not a plain file. */
  static async open(parts: {
    topDir: string;
    repository?: Repository;
    settings: ReadingSettings;
    head?: string;
  }): Promise<IsolatedRepository> {
    const { topDir, repository, settings, head } = parts;
    const dir = await mkdtemp(join(tmpdir(), `daylong-git-${process.pid}-`));
    const isolated = new IsolatedRepository(dir, topDir);
    try {
      await Promise.all(
        ["refs", join("objects", "info"), "info"].map((name) => mkdir(join(dir, name), { recursive: true })),
      );
      await writeFile(join(dir, "HEAD"), head === undefined ? "ref: refs/heads/none\n" : `${head}\n`);
      await writeFile(join(dir, "config"), settings.configText);
      if (repository) await isolated.#borrow(repository);
      return isolated;
    } catch (error) {
      await isolated.close();
      throw error;
    }
  }

  /** Removes the directories of servers that were killed while they read a repository: those of processes that are gone. */
  static async sweep(): Promise<void> {
    for (const name of await readdir(tmpdir())) {
      const pid = /^daylong-git-(\d+)-/.exec(name)?.[1];
      if (pid === undefined || isAlive(Number(pid))) continue;
      await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
    }
  }

  /** The variables with which git reads the repository through this directory. */
  get environment(): Record<string, string> {
    return {
      GIT_DIR: this.#dir,
      GIT_WORK_TREE: this.#topDir,
      GIT_INDEX_FILE: join(this.#dir, "index"),
      // Neither the owner's nor the machine's configuration: a filter of theirs is not run for a repository that asks for it.
      HOME: this.#dir,
      XDG_CONFIG_HOME: this.#dir,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ATTR_NOSYSTEM: "1",
      GIT_LITERAL_PATHSPECS: "1",
    };
  }

  async close(): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #borrow({ gitDir, commonDir }: Repository): Promise<void> {
    const dir = this.#dir;
    await writeFile(join(dir, "objects", "info", "alternates"), `${quoted(join(commonDir, "objects"))}\n`);
    await copyRegular(join(gitDir, "index"), join(dir, "index"), maxIndexBytes);
    const shared = (await readdir(gitDir)).filter((name) => /^sharedindex\.[0-9a-f]{40,64}$/.test(name));
    if (shared.length > maxSharedIndexes) throw new UnreadableFile("The index has too many shared parts.");
    for (const name of shared) await copyRegular(join(gitDir, name), join(dir, name), maxIndexBytes);
    for (const name of [join("info", "exclude"), join("info", "attributes"), "shallow"])
      await copyRegular(join(commonDir, name), join(dir, name), maxListBytes);
    await copyRegular(
      join(gitDir, "info", "sparse-checkout"),
      join(dir, "info", "sparse-checkout"),
      maxListBytes,
    );
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is another user's.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
