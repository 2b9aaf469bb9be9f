import { createHash } from "node:crypto";
import type { SubmitRequest } from "../port.ts";

/** What makes two requests the same message, besides their place. */
export function requestHashOf(request: SubmitRequest): string {
  const meaning = [
    request.message,
    (request.attachments ?? []).map(({ identity }) => identity),
    request.model ?? null,
    request.permissionMode ?? null,
    request.sendAt ?? null,
  ];
  return createHash("sha256").update(JSON.stringify(meaning)).digest("base64url");
}
