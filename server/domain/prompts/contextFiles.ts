import { DaylongError } from "../errors.ts";
import type { MentionStanding } from "./judgePrompt.ts";

/** Looks at the files that are given with a message. */
export interface ContextFileResolver {
  /** As of a mention, and `forbidden` for what lies outside the project, links followed. Never rejects. */
  standingInProject(projectPath: string, path: string): Promise<MentionStanding>;
}

/**
 * Throws `file_forbidden` for a file outside the project or where Claude may not read, and `invalid_request` for one that is
 * not there or whose name the CLI cannot be told.
 */
export async function refuseContextFiles(
  paths: readonly string[],
  projectPath: string,
  resolver: ContextFileResolver,
): Promise<void> {
  for (const [index, path] of paths.entries()) {
    const fault = (message: string) =>
      new DaylongError("invalid_request", `contextFiles: ${message}`, {
        faults: [{ path: `contextFiles.${index}`, message }],
      });
    // The CLI ends a quoted path at a quotation mark, and a path at a `#`.
    if (/["#\p{Cc}]/u.test(path)) throw fault('a path with ", # or control characters cannot be given');
    const standing = await resolver.standingInProject(projectPath, path);
    if (standing === "absent") throw fault(`there is no ${path} in the project`);
    if (standing === "forbidden")
      throw new DaylongError("file_forbidden", `${path} is not in the project, or may not be read there.`);
  }
}

/** The words by which the CLI puts the files' contents before Claude, at the end of the prompt. */
export const contextLine = (paths: readonly string[]): string =>
  `Context files: ${paths.map((path) => `@"${path}"`).join(" ")}`;
