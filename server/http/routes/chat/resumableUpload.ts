import { DaylongError } from "../../../domain/errors.ts";
import type { UploadState } from "../../../domain/sessions/attachment.ts";

type Header = (name: string) => string | undefined;

/** The last version that says the reverse, `Upload-Incomplete`; iOS 17 speaks it. */
const lastVersionOfIncomplete = 3;

/**
 * What a request asks of an upload in parts, by the headers of draft-ietf-httpbis-resumable-upload; `undefined`: nothing. Throws
 * `invalid_request` for a value that is no boolean (RFC 9651, 3.3.6).
 */
export function askedOf(header: Header): { isLast: boolean } | undefined {
  const complete = header("upload-complete");
  if (complete !== undefined) return { isLast: booleanOf("Upload-Complete", complete) };
  const incomplete = header("upload-incomplete");
  if (incomplete !== undefined) return { isLast: !booleanOf("Upload-Incomplete", incomplete) };
  return undefined;
}

/** Whether the client takes the interim answer 104. */
export const supportsResumption = (header: Header): boolean => versionOf(header) !== undefined;

/** `Upload-Offset` of a request; `invalid_request` when it is no count of bytes. */
export function nextOffset(header: Header): number {
  const said = (header("upload-offset") ?? "").trim();
  if (!/^\d{1,12}$/.test(said))
    throw new DaylongError("invalid_request", "Upload-Offset is no number of bytes.");
  return Number(said);
}

/** The state of an upload as headers, in the words of the client's version. */
export function headersOf({ sizeBytes, attachment }: UploadState, header: Header): Record<string, string> {
  const isComplete = attachment !== undefined;
  const speaksOfIncomplete = (versionOf(header) ?? Number.POSITIVE_INFINITY) <= lastVersionOfIncomplete;
  const [name, value] = speaksOfIncomplete
    ? ["Upload-Incomplete", !isComplete]
    : ["Upload-Complete", isComplete];
  return { "Upload-Offset": String(sizeBytes), [name]: value ? "?1" : "?0" };
}

function versionOf(header: Header): number | undefined {
  const said = (header("upload-draft-interop-version") ?? "").trim();
  return /^\d{1,3}$/.test(said) ? Number(said) : undefined;
}

function booleanOf(name: string, value: string): boolean {
  const said = value.trim();
  if (said !== "?1" && said !== "?0")
    throw new DaylongError("invalid_request", `${name} is neither ?1 nor ?0.`);
  return said === "?1";
}
