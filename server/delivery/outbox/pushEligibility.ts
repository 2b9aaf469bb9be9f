import type { DevicePreferences } from "../../domain/delivery/device.ts";
import type { LoggedEvent } from "../../domain/delivery/event.ts";
import {
  type EventPush,
  kindRules,
  type PushKind,
  type PushSubject,
} from "../../domain/delivery/pushRules.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** Whether the device wants pushes of this kind about this session at all. */
export function isWanted(
  kind: PushKind,
  session: Pick<Session, "muted"> | undefined,
  preferences: DevicePreferences,
): boolean {
  if (kindRules[kind].waitsForOwner) return true;
  return session?.muted !== true && !preferences.mutedKinds.includes(kind);
}

/** Whether the device wants to watch the turns of this session; `activity` is the kind to mute. */
export const wantsActivities = (
  session: Pick<Session, "muted"> | undefined,
  preferences: DevicePreferences,
): boolean => session?.muted === false && !preferences.mutedKinds.includes("activity");

/** Whether there is nothing to say any more: a push about it would send the owner to something that is no longer so. */
export function isMoot(
  { sessionId }: Pick<LoggedEvent, "sessionId">,
  push: Pick<EventPush, "isMoot">,
  subject: PushSubject,
): boolean {
  const { session } = subject;
  if (sessionId !== null && (session === undefined || session.state === "closed")) return true;
  return push.isMoot?.(subject) ?? false;
}
