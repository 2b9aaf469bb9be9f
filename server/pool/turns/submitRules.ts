import type { Caller } from "../../domain/delivery/device.ts";
import { DaylongError } from "../../domain/errors.ts";
import type { Store } from "../../domain/ports.ts";
import { mayBeInterpreted } from "../../domain/prompts/judgePrompt.ts";
import type { Session } from "../../domain/sessions/session.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { SessionChange, SubmitRequest } from "../port.ts";

/** Farthest instant of a `sendAt`, from now on: a year is far enough, and a wrong unit is a thousand years off. */
export const maxAheadMs = 366 * 24 * 3_600_000;
/** Messages that one device may have waiting for their instant: all of them may become due together. */
export const maxScheduledTurns = 50;
/** When the next try of a device makes sense that has scheduled too many. */
const retryAfterMs = 60_000;

/** Whether a message asks for a model or a mode of the session that it names. */
export const asksForChange = (request: SubmitRequest): request is SubmitRequest & { sessionId: string } =>
  request.sessionId !== undefined && (request.model !== undefined || request.permissionMode !== undefined);

/**
 * Whether something has to be looked up before the message can be given to Claude: its files, or what the CLI would
 * interpret in its text.
 */
export const needsPreparing = ({
  attachmentIds,
  message,
  contextFiles = [],
}: Pick<Turn, "attachmentIds" | "message" | "contextFiles">): boolean =>
  attachmentIds.length > 0 || contextFiles.length > 0 || mayBeInterpreted(message);

/**
 * What has to change in a session before a message that asks for a model or a mode; `undefined` when nothing has to.
 */
export function changeFor(
  { model, permissionMode }: SubmitRequest,
  session: Session,
): SessionChange | undefined {
  const change: SessionChange = {};
  if (model !== undefined && model !== session.model) change.model = model;
  if (permissionMode !== undefined && permissionMode !== session.permissionMode)
    change.permissionMode = permissionMode;
  return Object.keys(change).length > 0 ? change : undefined;
}

/**
 * Inside a transaction: refuses what a device asked for before it was revoked (`unauthenticated`): a request can take a while
 * between its token's check and this.
 */
export function refuseRevoked({ devices }: Pick<Store, "devices">, { deviceId }: Caller): void {
  if (devices.isRevoked(deviceId)) throw new DaylongError("unauthenticated", "The device was revoked.");
}

/**
 * Inside a transaction: refuses a message that is to wait (`device_queue_full`) when its device holds as many waiting places
 * already as are free. A device that is the only one to send messages may take all; of two that send without an end each gets
 * a third, of three a quarter, and there is always a place left for a device that has none.
 */
export function refuseGreed(
  { turns, devices }: Pick<Store, "turns" | "devices">,
  { deviceId, queueLimit, nowAt }: { deviceId: string; queueLimit: number; nowAt: number },
): void {
  const held = turns.queuedCountBy(deviceId, nowAt);
  if (held < queueLimit - turns.queuedCount(nowAt)) return;
  const isAlone = devices.list().every((other) => other.deviceId === deviceId || other.scope === "read");
  if (isAlone) return;
  throw new DaylongError(
    "device_queue_full",
    `${held} messages of this device wait already; the other places are for other devices.`,
    { retryAfterMs: 10_000 },
  );
}

/**
 * Inside a transaction: refuses a scheduled message that is too far ahead (`invalid_request`) or too many
 * (`pool_full`). It takes no waiting place before that instant, so it has a bound of its own.
 */
export function refuseSchedule(
  { turns }: Pick<Store, "turns">,
  deviceId: string,
  sendAt: number,
  nowAt: number,
): void {
  if (sendAt - nowAt > maxAheadMs) {
    const latest = new Date(nowAt + maxAheadMs).toISOString();
    throw new DaylongError(
      "invalid_request",
      `sendAt is too late: a message can be scheduled until ${latest}. It is in milliseconds since 1970.`,
    );
  }
  const scheduled = turns.scheduledCountOf(deviceId, nowAt);
  if (scheduled >= maxScheduledTurns) {
    throw new DaylongError("pool_full", `This device has ${scheduled} messages scheduled already.`, {
      retryAfterMs,
    });
  }
}
