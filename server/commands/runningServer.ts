import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "dotenv";
import { z } from "zod";
import { isFolderHeld } from "../platform/filesystem/folderLock.ts";
import { expandPath } from "../platform/filesystem/paths.ts";
import { programName } from "./framework/programName.ts";
import { requestLocally } from "./localRequest.ts";

const serverFileSchema = z.object({
  url: z.url(),
  localUrl: z.url().optional(),
  pid: z.number().int(),
  version: z.string(),
  fingerprint: z.string().optional(),
  interactive: z.boolean().optional(),
  isDemo: z.boolean().optional(),
});

/** A server of this computer, with the token that its data folder holds. */
export interface RunningServer {
  url: string;
  /** Where it is reached on this computer; absent: as everywhere else. */
  localUrl?: string;
  pid: number;
  version: string;
  /** SHA-256 of its certificate, lower-case hex; absent without TLS. */
  fingerprint?: string;
  /** Whether processes live on between messages; false: the rollback. */
  interactive?: boolean;
  isDemo?: boolean;
  dataDir: string;
  adminToken: string;
}

/**
 * The server that holds the data folder's lock, and its address: the file alone proves nothing, for a server that was killed leaves
 * it, and its pid and its port may be another program's by then. A server that takes the lock removes the file before it
 * writes its own.
 */
export function readServer(dataDir: string): RunningServer | undefined {
  try {
    const server = serverFileSchema.parse(JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")));
    if (!isFolderHeld(dataDir)) return undefined;
    return { ...server, dataDir, adminToken: readFileSync(join(dataDir, "admin-token"), "utf8").trim() };
  } catch {
    return undefined;
  }
}

/** The folder that the command was called from. */
export const callerDir = (): string => process.env.DAYLONG_CWD ?? process.cwd();

/** The server of `--data-dir`, of DATA_DIR, of the default folder, or of the demo's, in this order. */
export function findRunningServer(dataDir: string | undefined): RunningServer {
  const given = dataDir ?? (process.env.DATA_DIR?.trim() || ownDataDir());
  const folders = (given ? [given] : ["~/.daylong", "~/.daylong-demo"]).map((one) =>
    expandPath(one, callerDir()),
  );
  for (const folder of folders) {
    const server = readServer(folder);
    if (server) return server;
  }
  throw new Error(
    `No running server was found in ${folders.join(" or ")}. Start one with ${programName()} start.`,
  );
}

/** `DATA_DIR` of the `.env` in the program's own folder, which the server reads too. */
function ownDataDir(): string | undefined {
  const programDir = fileURLToPath(new URL("../../../", import.meta.url));
  try {
    const { DATA_DIR: dataDir } = parse(readFileSync(join(programDir, ".env"), "utf8"));
    return dataDir ? expandPath(dataDir, programDir) : undefined;
  } catch {
    return undefined;
  }
}

/** Throws unless the server still holds its folder under the same address: then the connection just opened leads to it. */
export function proveServer({ dataDir, url, pid }: RunningServer): void {
  const now = readServer(dataDir);
  if (now?.url === url && now.pid === pid) return;
  throw new Error(
    `The server at ${url} has ended: what answers there is another program, and is told nothing.`,
  );
}

/** One request with the admin token; throws with the problem's own words. */
export async function ask<T>(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  /** Statuses above 299 that are answers like others. */
  taken: readonly number[] = [],
): Promise<T> {
  const { status, body: said } = await requestLocally({
    method,
    url: new URL(path, server.localUrl ?? server.url),
    prove: () => proveServer(server),
    headers: { authorization: `Bearer ${server.adminToken}`, "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    fingerprint: server.fingerprint,
  });
  const answer = JSON.parse(said) as T & { detail?: string; title?: string };
  if ((status < 200 || status > 299) && !taken.includes(status))
    throw new Error(`${method} ${path}: ${status} ${answer.title ?? ""} ${answer.detail ?? ""}`);
  return answer;
}
