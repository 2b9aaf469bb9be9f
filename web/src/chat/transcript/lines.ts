import type { Permission } from "../../../../client/src/index.ts";
import type { Said } from "../../state/chat/entries.ts";
import type { LiveText } from "../../state/chat/liveText.ts";
import type { Outgoing } from "../../state/chat/outgoing.ts";
import type { Row } from "../../state/chat/rows.ts";

/** What is drawn as one row of the transcript, in the order of the screen. */
export type Line =
  | Row
  | { kind: "live"; key: string; live: LiveText }
  | { kind: "permission"; key: string; permission: Permission }
  | { kind: "waiting"; key: string; said: Said }
  | { kind: "unsent"; key: string; outgoing: Outgoing };

export function linesOf(parts: {
  rows: readonly Row[];
  live: LiveText | undefined;
  liveKey: string | undefined;
  permissions: readonly Permission[];
  waiting: readonly Said[];
  unsent: readonly Outgoing[];
}): Line[] {
  const { rows, live, liveKey, permissions, waiting, unsent } = parts;
  const lines: Line[] = [...rows];
  if (live && liveKey !== undefined) lines.push({ kind: "live", key: liveKey, live });
  for (const permission of permissions)
    lines.push({ kind: "permission", key: permission.permissionId, permission });
  for (const said of waiting) lines.push({ kind: "waiting", key: said.key, said });
  for (const outgoing of unsent) lines.push({ kind: "unsent", key: outgoing.key, outgoing });
  return lines;
}

/** Whether Claude goes on in the same turn, after a tool or another text. */
export function isContinued(lines: readonly Line[], index: number): boolean {
  const turnOf = (line: Line | undefined) => {
    switch (line?.kind) {
      case "words":
        return line.words.turnId;
      case "live":
        return line.live.turnId;
      case "tools":
        return line.tools[0]?.turnId;
      default:
        return undefined;
    }
  };
  const turnId = turnOf(lines[index]);
  return turnId !== undefined && turnOf(lines[index - 1]) === turnId;
}

/** The first row of Claude's that the owner has not read; -1: all were read. */
export const firstUnread = (lines: readonly Line[], readSeq: number): number =>
  lines.findIndex((line) => "seq" in line && line.seq > readSeq && line.kind !== "said");
