import type { z } from "zod";
import { withoutAbsentNulls } from "../wire/absentNulls.ts";
import {
  type ClientFrame,
  clientFrameSchema,
  clientFrameTypes,
  refSchema,
} from "../wire/delivery/clientFrames.ts";

/**
 * A text frame after parsing.
 * `faulty`: a known type with fields that are not valid, which is answered. `foreign`: not JSON, not an object, or of a
 * type that this protocol does not have, after which nothing the peer says can be relied on.
 */
export type ParsedFrame =
  | { kind: "frame"; frame: ClientFrame }
  | { kind: "faulty"; type: string; ref?: string; detail: string }
  | { kind: "foreign"; detail: string };

/** Most faults that a detail names. It names faults, and never repeats the frame's content. */
const maxFaults = 5;

export function parseFrame(text: string): ParsedFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: "foreign", detail: "The frame is not JSON." };
  }
  const type = fieldOf(value, "type");
  if (type === undefined) return { kind: "foreign", detail: "The frame is not an object with a type." };
  if (!clientFrameTypes.has(type)) return { kind: "foreign", detail: "The frame's type is not known." };
  const parsed = clientFrameSchema.safeParse(withoutAbsentNulls(clientFrameSchema, value));
  if (parsed.success) return { kind: "frame", frame: parsed.data };
  return { kind: "faulty", type, ref: sanerRef(value), detail: describeFaults(type, parsed.error) };
}

function fieldOf(value: unknown, name: string): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const field = (value as Record<string, unknown>)[name];
  return typeof field === "string" ? field : undefined;
}

// The ref itself may be the fault: then the answer goes without.
function sanerRef(value: unknown): string | undefined {
  return refSchema.safeParse(fieldOf(value, "ref")).data;
}

function describeFaults(type: string, error: z.ZodError): string {
  const faults = error.issues
    .slice(0, maxFaults)
    .map((issue) => `${issue.path.map(String).join(".") || "frame"}: ${issue.message}`);
  return `The frame ${type} is not valid: ${faults.join("; ")}.`;
}

/** A control frame holds 125 bytes, two of which are the close code (RFC 6455, 5.5); ws throws beyond. */
export function closeReason(text: string): string {
  const bytes = Buffer.from(text);
  // A character cut in two becomes U+FFFD, which has three bytes and still fits.
  return bytes.length <= 123 ? text : bytes.subarray(0, 118).toString();
}
