import type { PushContent } from "../domain/delivery/push.ts";

/** The `daylong` object of every alert; JSON.stringify leaves out the ids the event does not have. */
export function describeEvent(content: PushContent, truncated: boolean): Record<string, unknown> {
  return {
    v: 1,
    kind: content.kind,
    cursor: content.cursor,
    sessionId: content.sessionId,
    turnId: content.turnId,
    messageId: content.messageId,
    permissionId: content.permissionId,
    expiresAt: content.expiresAt,
    truncated: truncated || content.truncated === true,
  };
}
