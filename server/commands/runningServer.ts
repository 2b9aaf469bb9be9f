import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { requestLocally } from "./localRequest.ts";

const serverFileSchema = z.object({
  url: z.url(),
  pid: z.number().int(),
  version: z.string(),
  fingerprint: z.string().optional(),
});

/** A server of this computer, with the token that its data folder holds. */
export interface RunningServer {
  url: string;
  pid: number;
  version: string;
  /** SHA-256 of its certificate, lower-case hex; absent without TLS. */
  fingerprint?: string;
  dataDir: string;
  adminToken: string;
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};

function readServer(dataDir: string): RunningServer | undefined {
  try {
    const server = serverFileSchema.parse(JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")));
    if (!alive(server.pid)) return undefined;
    return { ...server, dataDir, adminToken: readFileSync(join(dataDir, "admin-token"), "utf8").trim() };
  } catch {
    return undefined;
  }
}

/** The server of `--data-dir`, of DATA_DIR, of the default folder, or of the demo's, in this order. */
export function findRunningServer(dataDir: string | undefined): RunningServer {
  const given = dataDir ?? process.env.DATA_DIR;
  const folders = given
    ? [resolve(given.replace(/^~(?=$|\/)/, homedir()))]
    : [join(homedir(), ".daylong"), join(homedir(), ".daylong-demo")];
  for (const folder of folders) {
    const server = readServer(folder);
    if (server) return server;
  }
  throw new Error(`No running server was found in ${folders.join(" or ")}. Start one with scripts/start.`);
}

/** One request with the admin token; throws with the problem's own words. */
export async function ask<T>(
  server: RunningServer,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  const { status, body: said } = await requestLocally({
    method,
    url: new URL(path, server.url),
    headers: { authorization: `Bearer ${server.adminToken}`, "content-type": "application/json", ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
    fingerprint: server.fingerprint,
  });
  const answer = JSON.parse(said) as T & { detail?: string; title?: string };
  if (status < 200 || status > 299)
    throw new Error(`${method} ${path}: ${status} ${answer.title ?? ""} ${answer.detail ?? ""}`);
  return answer;
}

/** Prints why a command failed, without a stack, and ends it. */
export function failCommand(error: unknown): never {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  console.error(`daylong: ${error instanceof Error ? error.message : String(error)}${cause}`);
  process.exit(1);
}
