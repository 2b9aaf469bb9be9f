import type { Session } from "../../domain/sessions/session.ts";
import type { SessionChange, SubmitRequest } from "../port.ts";

/** Whether a message wants the session that it names to be of a certain model or mode. */
export const hasWish = (request: SubmitRequest): request is SubmitRequest & { sessionId: string } =>
  request.sessionId !== undefined && (request.model !== undefined || request.permissionMode !== undefined);

/** What has to be changed in a session for a message's wish; `undefined` when it is so already. */
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
