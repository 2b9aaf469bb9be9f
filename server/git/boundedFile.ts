import { createWriteStream } from "node:fs";
import { constants, type FileHandle, open, utimes } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** A link is not followed, and a named pipe without a writer does not hold the reader. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file was there, and is not one that can be read: a link, a pipe, a directory, or too large. */
export class UnreadableFile extends Error {
  override readonly name = "UnreadableFile";
}

/** Opens a regular file of at most `maxBytes`; `undefined` when there is none. Throws `UnreadableFile`. */
async function openRegular(path: string, maxBytes: number): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, flags);
  } catch (cause) {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UnreadableFile("A file of the repository cannot be opened.", { cause });
  }
  const found = await file.stat();
  if (found.isFile() && found.size <= maxBytes) return file;
  await file.close();
  throw new UnreadableFile("A file of the repository is not a regular one, or too large.");
}

/** The text of a regular file, byte by byte as latin1; `undefined` when there is none. Throws `UnreadableFile`. */
export async function readRegular(path: string, maxBytes: number): Promise<string | undefined> {
  const file = await openRegular(path, maxBytes);
  if (file === undefined) return undefined;
  try {
    return await file.readFile("latin1");
  } finally {
    await file.close();
  }
}

/** Copies a regular file with its time of change; false when there is none. Throws `UnreadableFile`. */
export async function copyRegular(from: string, to: string, maxBytes: number): Promise<boolean> {
  const file = await openRegular(from, maxBytes);
  if (file === undefined) return false;
  const { mtimeMs } = await file.stat();
  // The stream closes the file.
  await pipeline(
    file.createReadStream({ highWaterMark: 1024 * 1024 }),
    createWriteStream(to, { mode: 0o600 }),
  );
  // Git looks into files that changed in the index's own tick or later. A copy that seemed newer would hide their changes,
  // and times are rounded on their way here: a millisecond earlier is on the safe side.
  const seconds = (Math.floor(mtimeMs) - 1) / 1000;
  await utimes(to, seconds, seconds);
  return true;
}
