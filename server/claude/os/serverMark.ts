import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { type OperatingSystem, operatingSystemOf } from "./operatingSystem.ts";
import type { ProcRow } from "./processTable.ts";

/**
 * Name of the variable that tells which server a process and all its descendants were started by, and for which data folder. The
 * database knows its processes too; but it may be restored from a backup, or be deleted, while processes of a killed server live.
 */
export const serverMark = "DAYLONG_SERVER";

/** The environment of a server's CLI processes, with the mark of this server. */
export function withServerMark(
  environment: Readonly<Record<string, string | undefined>>,
  dataDir: string,
): Record<string, string | undefined> {
  // Tools see their environment: a path of the owner's is none of their business.
  const folder = createHash("sha256").update(realpathSync(dataDir)).digest("hex").slice(0, 16);
  return {
    ...environment,
    [serverMark]: `${process.pid}:${operatingSystemOf(process.platform).startOf(process.pid) ?? ""}:${folder}`,
  };
}

const parsed = (mark: string) => /^(?<pid>\d+):(?<start>[^:]*):(?<folder>[0-9a-f]{16})$/.exec(mark)?.groups;

/** Whether a process with the mark `found` was left by a former server of the data folder in `own`, which does not live any more. */
export function isLeft(
  own: string,
  found: string,
  rows: readonly ProcRow[],
  os: Pick<OperatingSystem, "isSameStart">,
): boolean {
  const ours = parsed(own);
  const theirs = parsed(found);
  if (ours === undefined || theirs === undefined || ours.folder !== theirs.folder || own === found)
    return false;
  const server = rows.find(({ pid, zombie }) => pid === Number(theirs.pid) && !zombie);
  return server === undefined || !os.isSameStart(theirs.start ?? "", server.startTicks);
}
