import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, open, readFile, realpath, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DaylongError } from "../domain/errors.ts";
import { type Attachment, numberedName } from "../domain/sessions/attachment.ts";

/** Where a project's attachments go, below the project. */
export const inboxFolder = [".daylong", "inbox"] as const;
/** So many files of one name are enough; a repository may have taken the names on purpose. */
const mostOfOneName = 1_000;

/**
 * Puts a copy of the file into the project's inbox and resolves to its path below the project. Never overwrites: a name
 * that is taken gets a number; a file that is there already with the same content is used as it is, so that a turn that
 * is given again finds what it put there before.
 *
 * A repository may bring `.daylong` or the inbox as a link to somewhere else. Both must be directories of the project
 * itself; `attachment_failed` otherwise.
 */
export async function copyToInbox(
  projectPath: string,
  attachment: Attachment,
  source: string,
): Promise<string> {
  const inbox = await openInbox(projectPath);
  const partial = join(inbox, `.partial-${attachment.attachmentId}`);
  try {
    await unlink(partial).catch(ignore);
    // Neither of the two follows a link that lies at the end of its path.
    await copyFile(source, partial, constants.COPYFILE_EXCL);
    for (let number = 0; number < mostOfOneName; number += 1) {
      const name = numberedName(attachment.name, number);
      const path = join(inbox, name);
      if (await linked(partial, path)) return [...inboxFolder, name].join("/");
      if (await holds(path, attachment)) return [...inboxFolder, name].join("/");
    }
  } catch (cause) {
    throw notPlaced(`The project's inbox cannot be written (${codeOf(cause) ?? "no code"}).`, cause);
  } finally {
    await unlink(partial).catch(ignore);
  }
  throw notPlaced(`The project's inbox has ${mostOfOneName} files of this name already.`);
}

async function openInbox(projectPath: string): Promise<string> {
  let path = projectPath;
  for (const [depth, name] of inboxFolder.entries()) {
    path = join(path, name);
    await mkdir(path).catch((error: unknown) => {
      if (codeOf(error) === "EEXIST") return;
      throw notPlaced(`The project's inbox cannot be made (${codeOf(error) ?? "no code"}).`, error);
    });
    if (!(await isOwnDirectory(path))) {
      throw notPlaced(`${inboxFolder.slice(0, depth + 1).join("/")} is a link or a file in this project.`);
    }
    // Files sent to Claude must not be committed. An ignore file that is there already stays.
    if (depth === 0) await writeFile(join(path, ".gitignore"), "*\n", { flag: "wx" }).catch(ignore);
  }
  return path;
}

/** A directory that is where its path says, with no link on the way. */
const isOwnDirectory = async (path: string): Promise<boolean> =>
  (await lstat(path)).isDirectory() && (await realpath(path)) === path;

/** Gives the file its name; false when the name is taken. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    switch (codeOf(error)) {
      case "EEXIST":
        return false;
      // File systems without hard links (exFAT, some network shares).
      case "EPERM":
      case "ENOTSUP":
      case "EOPNOTSUPP":
        return copied(from, to);
      default:
        throw error;
    }
  }
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whether a plain file with this very content is there. */
async function holds(path: string, { sizeBytes, sha256 }: Attachment): Promise<boolean> {
  const file = await lstat(path).catch(() => undefined);
  if (!file?.isFile() || file.size !== sizeBytes) return false;
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
  if (handle === undefined) return false;
  try {
    return (
      createHash("sha256")
        .update(await readFile(handle))
        .digest("hex") === sha256
    );
  } finally {
    await handle.close();
  }
}

const ignore = (): void => {};
const codeOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
const notPlaced = (detail: string, cause?: unknown): DaylongError =>
  cause instanceof DaylongError ? cause : new DaylongError("attachment_failed", detail, { cause });
