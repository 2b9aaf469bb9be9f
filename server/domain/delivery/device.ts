import type { PushTarget } from "./push.ts";

/** admin: everything; chat: everything but pairing, settings and others' devices; read: looking only. */
export const scopes = ["read", "chat", "admin"] as const;
export type Scope = (typeof scopes)[number];
export const scopeAllows = (has: Scope, needs: Scope): boolean =>
  scopes.indexOf(has) >= scopes.indexOf(needs);

export interface QuietHours {
  /** Minutes since midnight in `timeZone`. */
  startMinute: number;
  endMinute: number;
  timeZone: string;
}
export interface DevicePreferences {
  mutedKinds: string[];
  quietHours?: QuietHours;
}

/** One installed app (or the computer's own command line), with one token. */
export interface Device {
  deviceId: string;
  name: string;
  platform: string;
  scope: Scope;
  createdAt: number;
  lastSeenAt: number;
  /** Everything up to this cursor is known to be held by the device; `null`: it never said so. */
  ackedCursor: number | null;
  push: PushTarget | null;
  preferences: DevicePreferences;
}

/** The device that a request comes from, after its token was recognised. */
export interface Caller {
  deviceId: string;
  scope: Scope;
}
