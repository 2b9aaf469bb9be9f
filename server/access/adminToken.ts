import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock, Log, Store } from "../domain/ports.ts";
import { localDeviceId, newDevice } from "./devices.ts";
import { hashSecret, looksLikeToken, makeToken } from "./tokens.ts";

export interface AdminTokenParts {
  dataDir: string;
  store: Store;
  clock: Clock;
  log: Log;
}

/**
 * Makes sure that the local command line can get in: the file `admin-token` (0600) holds a token that the database
 * knows as the device `local`. Only the owner can read the file, so the file is the authority: a database
 * that was lost, or never knew the token, learns it again; a deleted file is replaced by a new token, and the old one
 * ends. Returns the token. To be called once, before the server listens.
 */
export function ensureAdminToken(parts: AdminTokenParts): string {
  const { store, clock, log } = parts;
  const path = join(parts.dataDir, "admin-token");
  const known = readToken(path, log);
  const token = known ?? writeToken(path);
  const tokenHash = hashSecret(token);
  if (store.devices.byTokenHash(tokenHash) !== undefined) return token;
  const now = clock.now();
  store.transaction(() => {
    // The token of an earlier file, if the database knows one, ends here.
    store.devices.revoke(localDeviceId, now);
    const local = { deviceId: localDeviceId, name: "This computer", platform: "cli" };
    store.devices.insert(newDevice({ ...local, scope: "admin", now }), tokenHash);
    store.audit.add({
      at: now,
      deviceId: localDeviceId,
      action: "admin-token.accept",
      target: localDeviceId,
      detail: known === undefined ? "new file" : "file not known to the database",
    });
  });
  log.info("admin_token.accepted", { isNewFile: known === undefined });
  return token;
}

/** The token in the file, or `undefined` when there is no file or no token in it. Closes the file to others. */
function readToken(path: string, log: Log): string | undefined {
  let file: number;
  try {
    // A link could make us read, and close to others, a file that is not ours.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT")
      return undefined;
    throw new Error(`The file ${path} cannot be read; it must be a plain file of the server's user.`, {
      cause: error,
    });
  }
  try {
    const entry = fstatSync(file);
    if (!entry.isFile()) throw new Error(`${path} must be a plain file.`);
    if ((entry.mode & 0o077) !== 0) {
      fchmodSync(file, 0o600);
      log.warn("admin_token.tightened", { detail: "the file could be read by other users of this computer" });
    }
    const text = readFileSync(file, "utf8").trim();
    if (looksLikeToken(text)) return text;
    log.warn("admin_token.unreadable", { detail: "the file held no token; a new one is made" });
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Writes a new token beside the old file and puts it in its place, so that a crash leaves one or the other. */
function writeToken(path: string): string {
  const token = makeToken();
  const temporary = `${path}.new`;
  const file = openSync(
    temporary,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    writeFileSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  return token;
}
