import type { LinkState } from "../../../client/src/index.ts";

/** How the page stands to the server, as a person sees it. */
export type ConnectionPhase = "connecting" | "connected" | "reconnecting" | "offline" | "refused";

/** A connection that is away for so long is offline: until then it may be back before anybody cares. */
export const offlineAfterMs = 12_000;

export interface LinkFacts {
  link: LinkState;
  /** It was connected since the page was opened. */
  wasConnected: boolean;
  /** For how long it has not been connected. */
  awayMs: number;
  /** What the browser says of the network. */
  hasNetwork: boolean;
}

export function phaseOf({ link, wasConnected, awayMs, hasNetwork }: LinkFacts): ConnectionPhase {
  if (link === "online") return "connected";
  if (link === "refused") return "refused";
  if (!hasNetwork || awayMs >= offlineAfterMs) return "offline";
  return wasConnected ? "reconnecting" : "connecting";
}

export const phaseWords: Record<ConnectionPhase, string> = {
  connecting: "Connecting",
  connected: "Connected",
  reconnecting: "Reconnecting",
  offline: "Offline",
  refused: "Offline",
};

/** What is to be said beside the word; empty while all is well. */
export const phaseDetail: Record<ConnectionPhase, string> = {
  connecting: "",
  connected: "",
  reconnecting: "What you write is kept.",
  offline: "What you write is kept, and sent when the server answers again.",
  refused: "The server does not know this device any more.",
};
