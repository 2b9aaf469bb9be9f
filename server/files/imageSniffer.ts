import { imageDimensionsFromData } from "image-dimensions";
import { heicType, maxHeicPixels, maxImageBytes, maxImageSide } from "../domain/sessions/attachment.ts";

/** How much of a file is looked at: the size of a JPEG may come after hundreds of kilobytes of camera data. */
export const headBytes = 1024 * 1024;

const signatures: ReadonlyArray<{ mimeType: string; matches(head: Buffer): boolean }> = [
  {
    mimeType: "image/png",
    matches: (head) => head.subarray(0, 8).toString("latin1") === "\x89PNG\r\n\x1a\n",
  },
  { mimeType: "image/jpeg", matches: (head) => head.subarray(0, 3).toString("latin1") === "\xff\xd8\xff" },
  { mimeType: "image/gif", matches: (head) => /^GIF8[79]a$/.test(head.subarray(0, 6).toString("latin1")) },
  {
    mimeType: "image/webp",
    matches: (head) => /^RIFF[\s\S]{4}WEBP$/.test(head.subarray(0, 12).toString("latin1")),
  },
  {
    mimeType: heicType,
    // ISO/IEC 23008-12: the major brand of a file of HEVC images.
    matches: (head) =>
      /^ftyp(heic|heix|hevc|hevx|heim|heis|mif1|msf1)$/.test(head.subarray(4, 12).toString("latin1")),
  },
];

/** The image type of a file by its first bytes, not by its name; `undefined` when it is none that Claude can be shown. */
export const imageTypeOf = (head: Buffer): string | undefined =>
  signatures.find(({ matches }) => matches(head))?.mimeType;

/**
 * Whether the API takes the image as it is. What cannot be measured is not taken: a conversation that holds an image
 * the API refuses is refused for ever.
 */
export function isShowable(head: Buffer, sizeBytes: number): boolean {
  if (sizeBytes > maxImageBytes) return false;
  try {
    const size = imageDimensionsFromData(head);
    return (
      size !== undefined &&
      size.width > 0 &&
      size.height > 0 &&
      Math.max(size.width, size.height) <= maxImageSide
    );
  } catch {
    return false;
  }
}

/**
 * Whether a HEIC can be converted: its sizes (the image's and those of its tiles, in boxes named `ispe`) stand at the
 * beginning and are not too large. A decoder that believed a forged size would take all memory.
 */
export function isConvertible(head: Buffer): boolean {
  let isSized = false;
  for (let at = head.indexOf("ispe"); at >= 0 && at + 16 <= head.length; at = head.indexOf("ispe", at + 4)) {
    const width = head.readUInt32BE(at + 8);
    const height = head.readUInt32BE(at + 12);
    if (width === 0 || height === 0 || Math.max(width, height) > maxImageSide) return false;
    if (width * height > maxHeicPixels) return false;
    isSized = true;
  }
  return isSized;
}
