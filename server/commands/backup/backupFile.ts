import { closeSync, fsyncSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { providerTokenFile } from "../../push/apns/providerToken.ts";
import { databaseName } from "../../store/database.ts";
import { readTar, type TarEntry } from "./tar.ts";

/** The last entry of a backup: what is in it, and by which it is known as one of ours. */
export const manifestName = "manifest.json";
const format = "daylong-backup";
const formatVersion = 1;
/** The manifest lists every entry; an attachment's line has about 150 bytes. */
const mostManifestBytes = 256 * 1024 * 1024;

const manifestSchema = z.object({
  format: z.literal(format),
  formatVersion: z.number().int(),
  /** The program that made it. */
  version: z.string(),
  createdAt: z.number().int(),
  epoch: z.string(),
  /** Of the database's schema. */
  schemaVersion: z.number().int(),
  entries: z.array(
    z.object({ name: z.string(), sizeBytes: z.number().int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const manifestText = (manifest: Omit<Manifest, "format" | "formatVersion">): string =>
  `${JSON.stringify(Object.assign({ format, formatVersion }, manifest))}\n`;

/** Attachments of messages, in the data folder and in a backup. */
export const attachmentsFolder = "attachments";
/** The data folder's settings: they name paths of this computer, so that a restore lays them beside those that are there. */
export const settingsName = ".env";
/** Keys and tokens of the data folder. An APNs key that lies in it belongs to them by its ending. */
const keyNames = [
  ...["admin-token", "vapid-keys.json", "tls-cert.pem", "tls-key.pem"],
  // Apple takes no second token of a key within 20 minutes: a server that is restored goes on with the one that there is.
  providerTokenFile,
  settingsName,
];

/** Whether a file of the data folder itself belongs into a backup. */
export const isKept = (name: string): boolean => keyNames.includes(name) || /^[\w-]{1,80}\.p8$/.test(name);

const isEntry = (name: string): boolean =>
  name === databaseName ||
  name === manifestName ||
  isKept(name) ||
  /^attachments\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(name);

/**
 * Reads a whole backup, and compares every byte with its manifest. With `into`, its files are laid out in that folder while they are
 * read. Throws when it is no backup of this program's, of a format to come, or damaged.
 */
export function readBackup(path: string, into?: string): Manifest {
  const manifest: Buffer[] = [];
  const names = new Set<string>();
  let read: TarEntry[];
  refuseOthers(path);
  try {
    read = readTar(path, (name, sizeBytes) => {
      if (!isEntry(name)) throw new Error(`It holds ${JSON.stringify(name)}, which no backup has.`);
      if (names.has(name)) throw new Error(`It holds ${name} twice.`);
      names.add(name);
      if (name === manifestName) {
        if (sizeBytes > mostManifestBytes) throw new Error("Its manifest is too long.");
        return (piece) => void manifest.push(Buffer.from(piece));
      }
      return into === undefined ? undefined : layOut(join(into, name), sizeBytes);
    });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== undefined) throw cause;
    throw new Error(`${path} is no backup of Daylong's, or is damaged: ${(cause as Error).message}`);
  }
  const parsed = manifestSchema.safeParse(parseJson(Buffer.concat(manifest).toString()));
  if (!parsed.success)
    throw new Error(`${path} is no backup of Daylong's, or is damaged: its manifest is missing.`);
  const { entries, formatVersion: made } = parsed.data;
  if (made !== formatVersion)
    throw new Error(`${path} was made by a newer Daylong (${parsed.data.version}); install that one first.`);
  const files = read.filter(({ name }) => name !== manifestName);
  if (JSON.stringify(files) !== JSON.stringify(entries) || !files.some(({ name }) => name === databaseName))
    throw new Error(`${path} is damaged: what is in it is not what was put into it. Use another backup.`);
  return parsed.data;
}

/**
 * Throws when another user of the computer could have written the file: a backup brings keys, tokens, and settings that name
 * programs.
 */
function refuseOthers(path: string): void {
  const entry = statSync(path);
  if (!entry.isFile()) throw new Error(`${path} is no file.`);
  const own = process.getuid?.();
  if (own !== undefined && own !== 0 && entry.uid !== own && entry.uid !== 0)
    throw new Error(
      `${path} belongs to another user, who can change it. Copy it, if you trust what is in it.`,
    );
  if ((entry.mode & 0o002) !== 0)
    throw new Error(
      `${path} can be written by every user of this computer. If it is yours as it is: chmod 600 ${path}`,
    );
}

/** A file that takes its content piece by piece. */
function layOut(path: string, sizeBytes: number): (piece: Buffer) => void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "wx", 0o600);
  let left = sizeBytes;
  const end = () => {
    fsyncSync(file);
    closeSync(file);
  };
  if (left === 0) end();
  return (piece) => {
    for (let written = 0; written < piece.length; )
      written += writeSync(file, piece, written, piece.length - written);
    left -= piece.length;
    if (left === 0) end();
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
