import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withDeadline } from "../../domain/deadline.ts";
import type { Clock } from "../../domain/ports.ts";
import type { PermissionRequest } from "../../domain/processes/process.ts";
import { permissionKindOf } from "../../domain/sessions/permission.ts";
import { claudeConfigDir, findTranscript, readTail } from "./transcriptFile.ts";

/** In plan mode the CLI names the plan's file to the model when it begins; a long time of planning fits in here. */
const searchBytes = 4 * 1024 * 1024;
/** A plan is read by a person, on a phone. */
const planBytes = 256 * 1024;
/** How long a plan's approval may wait for the look at its words. */
const deadlineMs = 3_000;

/** The request with the plan that is to be approved, which comes without its words; any other request as it is. */
export async function withPlan(
  ask: PermissionRequest,
  claudeSessionId: string,
  parts: { clock: Clock; environment: Readonly<Record<string, string | undefined>> },
): Promise<PermissionRequest> {
  if (permissionKindOf(ask.toolName) !== "plan") return ask;
  const configDir = claudeConfigDir(parts.environment);
  const find = async () => {
    const path = await findTranscript(configDir, claudeSessionId);
    return path === undefined ? "" : planIn(path, configDir);
  };
  const plan = await withDeadline(parts.clock, deadlineMs, find(), () => undefined).catch(() => undefined);
  return plan ? { ...ask, plan } : ask;
}

/**
 * What Claude has written into its plan file. CLI 2.1 asks for approval with an empty input: the plan is in that file, whose
 * path the CLI notes in the transcript, or in what Claude said. Empty when there is none.
 */
export async function planIn(transcriptPath: string, configDir: string): Promise<string> {
  const lines = (await readTail(transcriptPath, searchBytes)).split("\n");
  const path = lines
    .reverse()
    .map(planFileIn)
    .find((found) => found !== undefined);
  // Only of the CLI's own folder of plans: what a transcript says must not lead to other files.
  if (path === undefined || dirname(path) !== join(configDir, "plans")) return "";
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(planBytes), 0, planBytes, 0);
    return buffer.toString("utf8", 0, bytesRead).toWellFormed().trim();
  } finally {
    await file.close();
  }
}

function planFileIn(line: string): string | undefined {
  if (!line.includes('"planFilePath":"')) return undefined;
  try {
    const { type, attachment } = JSON.parse(line) as {
      type?: unknown;
      attachment?: { type?: unknown; planFilePath?: unknown };
    };
    const isNote = type === "attachment" && String(attachment?.type).startsWith("plan_mode");
    return isNote && typeof attachment?.planFilePath === "string" ? attachment.planFilePath : undefined;
  } catch {
    return undefined;
  }
}
