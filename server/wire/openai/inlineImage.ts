import { withoutTrailing } from "../../domain/trimText.ts";

/** An image that came in a message. */
export interface InlineImage {
  mimeType: string;
  /** Of the standard alphabet, padded. */
  base64: string;
}

/** Other names of the types that Claude takes (Anthropic's documentation, "Vision"), as programs write them. */
const mimeTypes: Readonly<Record<string, string>> = {
  "image/png": "image/png",
  "image/x-png": "image/png",
  "image/apng": "image/png",
  "image/jpeg": "image/jpeg",
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/gif": "image/gif",
  "image/webp": "image/webp",
};

/** How the bytes of each type begin, in base64: for addresses that do not say what they hold. */
const beginnings: ReadonlyArray<readonly [beginning: string, mimeType: string]> = [
  ["iVBORw0KGg", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
];
const unnamedTypes = new Set(["", "application/octet-stream", "binary/octet-stream", "image", "image/*"]);

/**
 * The image in a `data:` URL (RFC 2397), as programs write them: in letters of either size, with parameters, broken into lines,
 * percent-encoded, in either alphabet of base64, padded or not. Else what is wrong with the address.
 */
export function readDataUrl(url: string): InlineImage | { fault: string } {
  const head = /^\s*data:([^,]{0,300}),/i.exec(url);
  if (head === null) return { fault: notInline(url) };
  const [type = "", ...parameters] = head[1]!.split(";").map((part) => part.trim().toLowerCase());
  if (!parameters.includes("base64")) return { fault: "must be base64: data:image/png;base64,..." };
  const base64 = standardBase64(url.slice(head[0].length));
  if (base64 === undefined) return { fault: "must hold base64 after the comma, and holds something else" };
  const mimeType = unnamedTypes.has(type)
    ? beginnings.find(([beginning]) => base64.startsWith(beginning))?.[1]
    : mimeTypes[type];
  if (mimeType === undefined)
    return { fault: "must be a PNG, JPEG, GIF or WebP: Claude sees no other images" };
  return { mimeType, base64 };
}

const notInline = (url: string): string =>
  /^\s*https?:/i.test(url)
    ? "must be a data: URL: this server fetches nothing, so send the image itself"
    : "must be a data: URL of an image, such as data:image/png;base64,...";

/** Base64 in the standard alphabet with its padding; `undefined` for what is none, or is empty. */
function standardBase64(text: string): string | undefined {
  const plain = text.includes("%") ? percentDecoded(text) : text;
  if (plain === undefined) return undefined;
  const standard = plain.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const joined = withoutTrailing(standard, "=");
  if (joined === "" || joined.length % 4 === 1) return undefined;
  return /^[A-Za-z0-9+/]*$/.test(joined) ? joined.padEnd(Math.ceil(joined.length / 4) * 4, "=") : undefined;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
