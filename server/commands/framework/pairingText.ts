import { isLoopbackUrl } from "../../platform/network/addresses.ts";

/** A pairing code with the links that carry it. */
export interface Pairing {
  code: string;
  expiresAt: number;
  /** The app's link, and the page's. */
  url: string;
  pageUrl: string;
}

/** The code as people take it over: by a phone's camera, by a link, by hand. */
export async function pairingText({ code, expiresAt, url, pageUrl }: Pairing): Promise<string> {
  // Loaded here: a server needs it once, at its start, or never.
  const { default: QRCode } = await import("qrcode");
  const qr = await QRCode.toString(pageUrl, { type: "terminal", small: true, errorCorrectionLevel: "L" });
  const until = new Date(expiresAt).toLocaleTimeString();
  const lines = [qr, `Page  ${pageUrl}`, `App   ${url}`, `Code  ${code}   (one use, until ${until})`];
  if (isLoopbackUrl(pageUrl)) lines.push("", loopbackWarning(new URL(pageUrl).host));
  return lines.join("\n");
}

const loopbackWarning = (host: string): string =>
  [
    `!!  ONLY THIS COMPUTER reaches ${host}: no phone can open these links.`,
    "    For phones in the same network start with HOST=0.0.0.0 TLS=self-signed; for phones elsewhere set PUBLIC_URL",
    "    to the address of a tunnel (docs/remote-access.md).",
  ].join("\n");
