/** How notifications stand in this browser. */
export type PushState =
  | "insecure"
  | "add_to_home"
  | "unsupported"
  | "server_off"
  | "not_allowed"
  | "denied"
  | "off"
  | "on";

export interface PushFacts {
  isSecureContext: boolean;
  hasServiceWorker: boolean;
  hasPush: boolean;
  isApplePhone: boolean;
  /** Opened from the home screen. */
  isStandalone: boolean;
  /** The server has a key for Web Push. */
  serverHasKey: boolean;
  /** The token may register a push target. */
  mayRegister: boolean;
  permission: "default" | "denied" | "granted";
  isSubscribed: boolean;
}

/** The first thing that stands in the way, or whether notifications are on. */
export function pushStateOf(facts: PushFacts): PushState {
  if (!facts.isSecureContext) return "insecure";
  // Safari on a phone offers push to pages of the home screen only.
  if (facts.isApplePhone && !facts.isStandalone) return "add_to_home";
  if (!facts.hasServiceWorker || !facts.hasPush) return "unsupported";
  if (!facts.serverHasKey) return "server_off";
  if (!facts.mayRegister) return "not_allowed";
  if (facts.permission === "denied") return "denied";
  return facts.isSubscribed && facts.permission === "granted" ? "on" : "off";
}

/** What is so, and what to do about it. */
export const pushWords: Record<PushState, { title: string; detail: string }> = {
  insecure: {
    title: "Not possible over this connection",
    detail: "Browsers allow notifications over https only. Below are three ways to it.",
  },
  add_to_home: {
    title: "First add Daylong to the home screen",
    detail:
      "In Safari tap Share, then “Add to Home Screen”. Open Daylong from there and come back to Settings.",
  },
  unsupported: {
    title: "Not supported here",
    detail:
      "This browser has no Web Push, or a private window hides it. While this page is open, it shows everything.",
  },
  server_off: {
    title: "Switched off on the server",
    detail:
      "Set VAPID_SUBJECT=mailto:YOU@EXAMPLE.ORG in the server’s .env and restart it; the keys are made by themselves.",
  },
  not_allowed: {
    title: "This device may only look",
    detail: "A device with the scope “read” gets no notifications. Pair it again with the scope “chat”.",
  },
  denied: {
    title: "Blocked in this browser",
    detail: "Allow notifications for this address in the browser’s or the system’s settings, then come back.",
  },
  off: {
    title: "Off",
    detail:
      "Replies, questions and expiries are shown on this page only. Turn notifications on to hear of them anywhere.",
  },
  on: {
    title: "On",
    detail: "This device is told of replies, questions and expiries when nobody looks at the page.",
  },
};
