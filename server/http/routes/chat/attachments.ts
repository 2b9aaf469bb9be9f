import type { Readable } from "node:stream";
import { DaylongError } from "../../../domain/errors.ts";
import { maxUploadBytes } from "../../../domain/sessions/attachment.ts";
import { mimeTypeSchema, uploadedSchema } from "../../../wire/sessions/chat.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Files for messages. */
export const attachmentRoutes = ({ attachments, store, clock }: HttpDependencies): Route[] => [
  defineRoute({
    method: "POST",
    path: "/api/attachments",
    scope: "chat",
    summary:
      "Upload a file for a later message: the raw body, with Content-Type and X-Filename (UTF-8 or percent-encoded).",
    headers: {
      "Content-Type": "The file's media type; what the bytes say goes before it.",
      "X-Filename": "Its name, in UTF-8, raw or percent-encoded.",
    },
    refusals: ["attachment_limit", "attachment_failed"],
    response: { 201: uploadedSchema },
    maxBodyBytes: maxUploadBytes,
    takesBytes: true,
    async handle({ caller, header, bytes, gone }) {
      const announced = Number(header("content-length") ?? 0);
      if (announced > maxUploadBytes)
        throw new DaylongError("body_too_large", `A file may have ${maxUploadBytes} bytes.`);
      if (header("content-encoding") !== undefined && header("content-encoding") !== "identity")
        throw new DaylongError("unsupported_media_type", "The body must be sent without Content-Encoding.");
      const mimeType = mediaTypeOf(header("content-type"));
      const name = fileNameOf(header("x-filename"), mimeType);
      try {
        const kept = await attachments.upload({ name, mimeType, bytes: chunksOf(bytes) }, caller);
        const { attachmentId, sizeBytes, sha256 } = kept;
        const { deviceId } = caller;
        store.audit.add({
          at: clock.now(),
          deviceId,
          action: "attachment.upload",
          target: attachmentId,
          detail: "",
        });
        return json({ attachmentId, name: kept.name, mimeType: kept.mimeType, sizeBytes, sha256 }, 201);
      } catch (error) {
        // The rest of the body is thrown away while it arrives, so that a reset does not overtake the answer.
        bytes.resume();
        if (error instanceof DaylongError || !gone.aborted) throw error;
        throw new DaylongError("invalid_request", "The upload broke off.", { cause: error });
      }
    },
  }),
];

/** The chunks of a body; stopping early does not destroy the connection that the answer has to take. */
const chunksOf = (bytes: Readable): AsyncIterable<Uint8Array> => bytes.iterator({ destroyOnReturn: false });

function mediaTypeOf(header: string | undefined): string {
  const said = (header ?? "").split(";", 1)[0]!.trim();
  if (said === "") return "application/octet-stream";
  const parsed = mimeTypeSchema.safeParse(said);
  if (!parsed.success) throw new DaylongError("unsupported_media_type", "The Content-Type is no media type.");
  return parsed.data;
}

/** Node reads headers as Latin-1; names come as UTF-8, raw or percent-encoded (RFC 3986). */
function fileNameOf(header: string | undefined, mimeType: string): string {
  if (header === undefined || header.trim() === "") {
    const subtype = /^[\w-]{1,10}$/.exec(mimeType.split("/")[1] ?? "")?.[0];
    return subtype === undefined || mimeType === "application/octet-stream" ? "file" : `file.${subtype}`;
  }
  const raw = Buffer.from(header, "latin1");
  const utf8 = raw.toString("utf8");
  const text = utf8.includes("\uFFFD") ? header : utf8;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
