import { DaylongProblem, pair } from "../../../client/src/index.ts";
import type { Host } from "./host.ts";

/** Why a pairing failed, in words for the person who tried. */
export function pairingFault(error: unknown): string {
  if (!(error instanceof DaylongProblem))
    return "The server does not answer. Check that it runs, and try again.";
  switch (error.code) {
    case "pairing_code_invalid":
      return "This code is wrong, was used, has expired after ten minutes, or is another server's. Make a new one with scripts/pair on the computer.";
    case "rate_limited":
      return "Too many tries. Wait 15 minutes, then use a new code.";
    case "invalid_request":
      return "A code has ten letters and digits, such as 7K3QW-9HX2M.";
    default:
      return error.message;
  }
}

/** The code as the server takes it: people write it with spaces, hyphens and small letters. */
export const tidyCode = (typed: string): string => typed.replace(/[\s-]/g, "").toUpperCase();

/** The code in a link that a pairing QR code holds, the page's or the app's; `undefined`: it is another QR code. */
export const codeIn = (link: string): string | undefined => {
  const code = /[#?&]code=([0-9A-Za-z-]{10,12})(?:&|$)/.exec(link)?.[1];
  return code === undefined ? undefined : tidyCode(code);
};

/** Makes this page a device of the server at `url`. */
export async function pairHost(parts: {
  url: string;
  code: string;
  deviceName: string;
  now: number;
}): Promise<Host> {
  const { url, code, deviceName, now } = parts;
  const answer = await pair({ url, code: tidyCode(code), name: deviceName, platform: "web" });
  return {
    hostId: answer.deviceId,
    name: answer.serverName,
    epoch: answer.epoch,
    addresses: [url],
    token: answer.token,
    deviceName,
    pairedAt: now,
  };
}

/** A name that the owner recognises among the devices. */
export function proposedName(userAgent: string): string {
  const device = /iPhone|iPad|Android|Macintosh|Windows|CrOS|Linux/.exec(userAgent)?.[0] ?? "Browser";
  const browser = /Edg|Firefox|CriOS|Chrome|Safari/.exec(userAgent)?.[0] ?? "";
  const names: Record<string, string> = {
    Macintosh: "Mac",
    CrOS: "Chromebook",
    Edg: "Edge",
    CriOS: "Chrome",
  };
  return [names[device] ?? device, names[browser] ?? browser].filter((part) => part !== "").join(", ");
}
