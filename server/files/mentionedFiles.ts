import { lstat, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { withDeadline } from "../domain/deadline.ts";
import type { Clock } from "../domain/ports.ts";
import type { ContextFileResolver } from "../domain/prompts/contextFiles.ts";
import type { MentionResolver, MentionStanding } from "../domain/prompts/judgePrompt.ts";

interface RealPaths {
  /** Whether a real path lies inside one of them. */
  contains(real: string): boolean;
}

export interface MentionedFilesParts {
  /** The project roots. */
  roots: RealPaths;
  homeDir: string;
  clock: Clock;
  /** Whether Claude may not read what lies at the path, whose links are followed. */
  isDenied(realPath: string): Promise<boolean>;
}

const lookDeadlineMs = 3_000;
/** Most mentions are of a handful of files; a path longer than the system's own bound is none. */
const maxPathUnits = 4_096;

/** Looks at the files that prompts mention, as the CLI would find them. */
export class MentionedFiles implements MentionResolver, ContextFileResolver {
  readonly #parts: MentionedFilesParts;

  constructor(parts: MentionedFilesParts) {
    this.#parts = parts;
  }

  async standingOf(projectPath: string, path: string): Promise<MentionStanding> {
    // The CLI takes white space off both ends, and composes characters.
    const given = path.trim();
    if (given === "" || given.includes("\0") || given.length > maxPathUnits) return "forbidden";
    const spellings = [...new Set([given, given.normalize("NFC")])];
    const look = Promise.all(spellings.map((one) => this.#standingOf(projectPath, one)));
    // A mount that is dead never answers, and the message must not wait for it.
    const late = (): MentionStanding[] => ["forbidden"];
    const standings = await withDeadline(this.#parts.clock, lookDeadlineMs, look, late);
    if (standings.every((standing) => standing === "absent")) return "absent";
    return standings.includes("forbidden") ? "forbidden" : "readable";
  }

  async standingInProject(projectPath: string, path: string): Promise<MentionStanding> {
    const look = Promise.all([realpath(projectPath), realpath(resolve(projectPath, path))]).then(
      ([project, real]) => isInside(project, real),
      () => true,
    );
    const isIn = await withDeadline(this.#parts.clock, lookDeadlineMs, look, () => false);
    return isIn ? this.standingOf(projectPath, path) : "forbidden";
  }

  async placeOf(projectPath: string, path: string): Promise<"readable" | "forbidden"> {
    const { homeDir } = this.#parts;
    const isOfHome = path === "~" || path.startsWith("~/");
    for (let place = isOfHome ? join(homeDir, path.slice(1)) : resolve(projectPath, path); ; ) {
      const standing = await this.standingOf(projectPath, place);
      if (standing !== "absent") return standing;
      if (dirname(place) === place) return "forbidden";
      place = dirname(place);
    }
  }

  async #standingOf(projectPath: string, path: string): Promise<MentionStanding> {
    const { roots, homeDir, isDenied } = this.#parts;
    const wanted =
      path === "~" || path.startsWith("~/") ? join(homeDir, path.slice(1)) : resolve(projectPath, path);
    let real: string;
    try {
      real = await realpath(wanted);
    } catch {
      const isThere = await lstat(wanted).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
      );
      return isThere ? "forbidden" : "absent";
    }
    try {
      const home = await realpath(homeDir).catch(() => homeDir);
      // A project inside a hidden directory (the folder of a conversation that named none) is open to its own session alone.
      const isOwn = isInside(projectPath, real) && isHidden(home, projectPath);
      const isAllowed = isOwn || (isInsideAny(roots, projectPath, real) && !isHidden(home, real));
      return isAllowed && !(await isDenied(real)) ? "readable" : "forbidden";
    } catch {
      return "forbidden";
    }
  }
}

const isInsideAny = (roots: RealPaths, projectPath: string, real: string): boolean =>
  roots.contains(real) || isInside(projectPath, real);

const segmentsBelow = (base: string, path: string): string[] => {
  const below = relative(base, path);
  return below === "" ? [] : below.split(sep);
};

const isInside = (base: string, path: string): boolean => segmentsBelow(base, path)[0] !== "..";

/** Whether the path goes through a hidden file or directory of the home itself: the accounts and settings of programs. */
const isHidden = (home: string, path: string): boolean => {
  const [first] = segmentsBelow(home, path);
  return first !== undefined && first !== ".." && first.startsWith(".");
};
