import { replaceUnseen } from "../visibleText.ts";

/** A file that came with a message, or waits to be named by one. Its bytes are on disk; this is what is known of them. */
export interface Attachment {
  attachmentId: string;
  /** The device that sent it; only this device can put it into a message. */
  deviceId: string;
  /** Plain: no path, no control characters, no leading dot. */
  name: string;
  mimeType: string;
  sizeBytes: number;
  /** Lower-case hexadecimal. */
  sha256: string;
  createdAt: number;
  /** When a message last took it; `undefined`: none has, or it was cancelled. */
  usedAt?: number;
}

/** Most attachments of one message (docs/api.md, Chat: 5). */
export const maxAttachments = 5;
/** Inline data of one message together, once it is decoded (docs/api.md, Chat: 5 MB). */
export const maxInlineBytes = 5 * 1024 * 1024;
/** Largest upload (docs/api.md, Chat: 25 MB). */
export const maxUploadBytes = 25 * 1024 * 1024;
/** How long an attachment is kept that no message needs (docs/api.md, Chat: a day). */
export const attachmentLifeMs = 24 * 3_600_000;
/**
 * The bounds of one device's kept attachments, used by messages or not: more than any phone sends in a day, less than fills
 * a disk. Used ones count as well, or a device would fill the disk with messages that it schedules or takes back.
 */
export const maxKeptBytes = 1024 * 1024 * 1024;
export const maxKeptCount = 500;

/** The image types that Claude can look at (docs.claude.com, "Vision"); anything else is a file. */
export const imageTypes = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
export const isImageType = (mimeType: string): boolean =>
  (imageTypes as readonly string[]).includes(mimeType);

/** What iPhones' cameras write; Claude is shown a JPEG of it. */
export const heicType = "image/heic";
/** A HEIC of more pixels is given as a file: unpacked it has four bytes a pixel, several times over while it is converted. */
export const maxHeicPixels = 25_000_000;

/**
 * The API refuses an image of more than 5 MB in base64, or with a side of more than 8,000 pixels, and goes on refusing the
 * whole conversation that holds it. Such an image is given as a file, which Claude's own tool makes smaller.
 */
export const maxImageBytes = Math.floor((5 * 1024 * 1024 * 3) / 4);
export const maxImageSide = 8_000;

/** NAME_MAX is 255; the rest is room for a number that keeps two names apart. */
const maxNameBytes = 120;

/**
 * A name that is safe as one path segment, in a listing and in a prompt: the last segment of a path, without characters
 * that are not seen or that turn the writing direction round, without characters that some file systems refuse, no
 * dotfile.
 */
export function plainFileName(wanted: string): string {
  const segment = wanted.toWellFormed().normalize("NFC").split(/[/\\]/).at(-1) ?? "";
  const plain = replaceUnseen(segment, () => "")
    .replace(/[<>:"|?*`]/g, "_")
    .replace(/\s+/gu, " ");
  const trimmed = trimDots(plain);
  if (trimmed === "") return "file";
  const { stem, extension } = splitName(trimmed);
  return `${cutBytes(stem, maxNameBytes - byteLength(extension)).trimEnd() || "file"}${extension}`;
}

/** Without dots and spaces at either end. A pattern anchored at the end takes quadratic time over a run of dots within. */
function trimDots(text: string): string {
  const isDot = (index: number) => text[index] === "." || text[index] === " ";
  let start = 0;
  let end = text.length;
  while (start < end && isDot(start)) start += 1;
  while (end > start && isDot(end - 1)) end -= 1;
  return text.slice(start, end);
}

/** The name with a number before its extension: `report.pdf`, `report-1.pdf`. */
export function numberedName(name: string, number: number): string {
  if (number === 0) return name;
  const { stem, extension } = splitName(name);
  return `${stem}-${number}${extension}`;
}

function splitName(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf(".");
  const isExtension = dot > 0 && byteLength(name.slice(dot)) <= 20;
  return isExtension
    ? { stem: name.slice(0, dot), extension: name.slice(dot) }
    : { stem: name, extension: "" };
}

/** In UTF-8. */
const byteLength = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/** The beginning of a text that fits into so many bytes of UTF-8, cut between characters. */
function cutBytes(text: string, mostBytes: number): string {
  let cut = "";
  let left = mostBytes;
  for (const character of text) {
    left -= byteLength(character);
    if (left < 0) break;
    cut += character;
  }
  return cut;
}

/** An attachment as a message names it. */
export interface MessageAttachment {
  attachmentId: string;
  /** Identity by which it is the same attachment when the message is sent again; follows from the request alone. */
  identity: string;
}

/** What the prompt of a turn gets from its attachments. */
export interface PreparedAttachments {
  images: Array<{ mimeType: string; base64: string }>;
  /** Note that tells Claude which files came with the message and where they are; the user did not type it. */
  note: string;
}

/** Where an upload comes from. Must be read to its end or given up. */
export interface Upload {
  name: string;
  mimeType: string;
  /** Its bytes, as they come. */
  bytes: AsyncIterable<Uint8Array>;
  maxBytes: number;
}

/** What is known of an upload in parts before its first byte. */
export type PartialUpload = Pick<Upload, "name" | "mimeType">;

/** A part of an upload that may be cut off. */
export interface UploadPart {
  /** Where it begins in the whole file, in bytes. */
  offset: number;
  bytes: AsyncIterable<Uint8Array>;
  /** Whether the file ends with it. */
  isLast: boolean;
  /** Ends the request that brings it. */
  giveUp(): void;
}

/** How far an upload in parts has come: a whole one is an attachment. */
export interface UploadState {
  sizeBytes: number;
  attachment?: Attachment;
}

/** Port of what keeps the bytes of attachments. Refusals are thrown as `DaylongError`. */
export interface AttachmentStorage {
  /** Streams an upload to disk; `body_too_large` beyond its limit, and then nothing is left of it. */
  keep(upload: Upload, deviceId: string, attachmentId?: string): Promise<Attachment>;
  /**
   * Readies attachments for the prompt of a turn in the project: images as they are, other files in the project's inbox.
   * Asked again for the same turn, it finds what it put there before. `attachment_failed` when it cannot.
   */
  prepare(attachmentIds: readonly string[], projectPath: string): Promise<PreparedAttachments>;
  /** Removes those that no message uses. Never throws: a file that cannot be removed now goes with the sweep of old ones. */
  letGo(attachmentIds: readonly string[]): void;
}
