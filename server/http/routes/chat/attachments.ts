import type { Readable } from "node:stream";
import { z } from "zod";
import type { Caller } from "../../../domain/delivery/device.ts";
import { DaylongError } from "../../../domain/errors.ts";
import { type Attachment, maxUploadBytes, type UploadState } from "../../../domain/sessions/attachment.ts";
import { mimeTypeSchema, uploadedSchema, uploadStateSchema } from "../../../wire/sessions/chat.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { refuseUnpaired } from "../../framework/authorise.ts";
import { isMultipart, maxEnvelopeBytes, multipartFile } from "../../framework/multipartFile.ts";
import { type Answer, defineRoute, json, type RequestFacts, type Route } from "../../framework/route.ts";
import { askedOf, headersOf, nextOffset, supportsResumption } from "./resumableUpload.ts";

const paramsSchema = z.object({ attachmentId: z.uuid().transform((id) => id.toLowerCase()) });
const uploadHeaders = {
  "Upload-Complete": "Whether the file ends with this body (?1 or ?0); named at all, a cut upload can go on.",
  "Upload-Draft-Interop-Version":
    "With it the address of the upload comes in an interim answer 104, before the body is read.",
} as const;

/**
 * Files for messages: a raw body, a form with one file, or parts that go on where they were cut off (draft-ietf-httpbis-
 * resumable-upload, which URLSession speaks since iOS 17).
 */
export function attachmentRoutes({ attachments, uploads, store, clock, access }: HttpDependencies): Route[] {
  const audit = ({ deviceId }: Caller, action: string, target: string) =>
    store.audit.add({ at: clock.now(), deviceId, action, target, detail: "" });

  /** Appends the request's body; what came before it broke off stays. */
  async function append(
    attachmentId: string,
    facts: RequestFacts<Caller>,
    part: { offset: number; isLast: boolean },
  ): Promise<Answer> {
    const { bytes, caller, header, gone } = facts;
    const giveUp = () => void bytes.destroy();
    try {
      const state = await uploads.append(attachmentId, caller.deviceId, {
        ...part,
        bytes: chunksOf(bytes),
        giveUp,
      });
      const headers = headersOf(state, header);
      if (state.attachment === undefined) return json(stateView(attachmentId, state), 202, headers);
      audit(caller, "attachment.upload", attachmentId);
      return json(uploadedView(state.attachment), 201, headers);
    } catch (error) {
      bytes.resume();
      if (error instanceof DaylongError || !gone.aborted) throw error;
      throw new DaylongError("invalid_request", "The upload broke off.", { cause: error });
    }
  }

  return [
    defineRoute({
      method: "POST",
      path: "/api/attachments",
      scope: "chat",
      summary:
        "Upload a file for a later message: the raw body, with Content-Type and X-Filename (UTF-8 or percent-encoded), or a form (multipart/form-data) with one file. With Upload-Complete it can go on after it was cut off: 202 without its end.",
      headers: {
        "Content-Type": "The file's media type; what the bytes say goes before it.",
        "X-Filename": "Its name, in UTF-8, raw or percent-encoded.",
        ...uploadHeaders,
      },
      refusals: ["attachment_limit", "attachment_failed", "attachment_not_found", "upload_offset_mismatch"],
      response: { 201: uploadedSchema, 202: uploadStateSchema },
      maxBodyBytes: maxUploadBytes,
      takesBytes: true,
      async handle(facts) {
        const { caller, header, bytes, gone, inform, setHeader } = facts;
        const contentType = header("content-type");
        const isForm = isMultipart(contentType);
        const announced = Number(header("content-length") ?? 0);
        if (announced > maxUploadBytes + (isForm ? maxEnvelopeBytes : 0))
          throw new DaylongError("body_too_large", `A file may have ${maxUploadBytes} bytes.`);
        if (header("content-encoding") !== undefined && header("content-encoding") !== "identity")
          throw new DaylongError("unsupported_media_type", "The body must be sent without Content-Encoding.");
        const asked = askedOf(header);
        if (asked !== undefined) {
          if (isForm)
            throw new DaylongError("unsupported_media_type", "A form cannot go on after it was cut off.");
          const mimeType = mediaTypeOf(contentType);
          const name = fileNameOf(header("x-filename"), mimeType);
          const attachmentId = await uploads.begin({ name, mimeType }, caller.deviceId);
          const location = `/api/attachments/${attachmentId}`;
          setHeader("Location", location);
          if (supportsResumption(header)) {
            const version = String(header("upload-draft-interop-version"));
            inform("104 Upload Resumption Supported", {
              Location: location,
              "Upload-Draft-Interop-Version": version,
              "Upload-Limit": `max-size=${maxUploadBytes}`,
            });
          }
          return append(attachmentId, facts, { offset: 0, isLast: asked.isLast });
        }
        try {
          const kept = await attachments.upload(await fileOf(facts, contentType ?? ""), caller);
          audit(caller, "attachment.upload", kept.attachmentId);
          return json(uploadedView(kept), 201);
        } catch (error) {
          // The rest of the body is thrown away while it arrives, so that a reset does not overtake the answer.
          bytes.resume();
          if (error instanceof DaylongError || !gone.aborted) throw error;
          throw new DaylongError("invalid_request", "The upload broke off.", { cause: error });
        }
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/attachments/:attachmentId",
      scope: "chat",
      summary:
        "How far an upload of this device has come; HEAD says it in Upload-Offset and Upload-Complete.",
      params: paramsSchema,
      refusals: ["attachment_not_found"],
      response: uploadStateSchema,
      async handle({ params: { attachmentId }, caller, header }) {
        const state = await uploads.stateOf(attachmentId, caller.deviceId);
        return json(stateView(attachmentId, state), 200, headersOf(state, header));
      },
    }),
    defineRoute({
      method: "PATCH",
      path: "/api/attachments/:attachmentId",
      scope: "chat",
      summary: "Append to an upload that was cut off: the bytes from Upload-Offset on.",
      params: paramsSchema,
      headers: {
        "Upload-Offset": "Where the bytes begin in the file; what GET says.",
        "Upload-Complete": uploadHeaders["Upload-Complete"],
      },
      refusals: ["attachment_not_found", "attachment_limit", "attachment_failed", "upload_offset_mismatch"],
      response: { 201: uploadedSchema, 202: uploadStateSchema },
      maxBodyBytes: maxUploadBytes,
      takesBytes: true,
      async handle(facts) {
        const { params, header, caller, setHeader } = facts;
        const asked = askedOf(header);
        if (asked === undefined) throw new DaylongError("invalid_request", "Upload-Complete is missing.");
        try {
          return await append(params.attachmentId, facts, {
            offset: nextOffset(header),
            isLast: asked.isLast,
          });
        } catch (error) {
          if (error instanceof DaylongError && error.code === "upload_offset_mismatch") {
            const state = await uploads.stateOf(params.attachmentId, caller.deviceId);
            for (const [name, value] of Object.entries(headersOf(state, header))) setHeader(name, value);
          }
          throw error;
        }
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/api/attachments/:attachmentId",
      scope: "chat",
      summary: "Give an upload up that is not complete.",
      params: paramsSchema,
      refusals: ["attachment_not_found"],
      response: z.object({ success: z.literal(true) }),
      async handle({ params: { attachmentId }, caller }) {
        const { attachment } = await uploads.stateOf(attachmentId, caller.deviceId);
        refuseUnpaired(access, caller);
        // One that is complete stays.
        if (attachment === undefined) audit(caller, "attachment.cancel", attachmentId);
        await uploads.remove(attachmentId, caller.deviceId);
        return json({ success: true });
      },
    }),
  ];
}

async function fileOf({ header, bytes }: RequestFacts<Caller>, contentType: string) {
  if (!isMultipart(contentType)) {
    const mimeType = mediaTypeOf(contentType);
    return { mimeType, name: fileNameOf(header("x-filename"), mimeType), bytes: chunksOf(bytes) };
  }
  const file = await multipartFile(bytes, contentType, maxUploadBytes + maxEnvelopeBytes);
  const mimeType = mediaTypeOf(file.mimeType);
  return { mimeType, name: file.name || fileNameOf(header("x-filename"), mimeType), bytes: file.bytes };
}

const uploadedView = ({ attachmentId, name, mimeType, sizeBytes, sha256 }: Attachment) => ({
  attachmentId,
  name,
  mimeType,
  sizeBytes,
  sha256,
});

const stateView = (attachmentId: string, { sizeBytes, attachment }: UploadState) => ({
  attachmentId,
  sizeBytes,
  complete: attachment !== undefined,
  attachment: attachment && uploadedView(attachment),
});

/** The chunks of a body; stopping early does not destroy the connection that the answer has to take. */
const chunksOf = (bytes: Readable): AsyncIterable<Uint8Array> => bytes.iterator({ destroyOnReturn: false });

function mediaTypeOf(said: string | undefined): string {
  const parsed = mimeTypeSchema.safeParse(said ?? "");
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
