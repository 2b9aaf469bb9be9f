import type { DevicePreferences } from "../../domain/delivery/device.ts";
import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { PushKind } from "../../domain/delivery/push.ts";
import type { Permission } from "../../domain/sessions/permission.ts";
import type { Session } from "../../domain/sessions/session.ts";

const permissionKinds: ReadonlySet<PushKind> = new Set(["permission", "question", "plan"]);
/** Claude stands still until somebody answers: such a push passes every mute and quiet hour. */
export const waitsForOwner = (kind: PushKind): boolean => permissionKinds.has(kind);

/** Whether the device wants pushes of this kind about this session at all. */
export function isWanted(
  kind: PushKind,
  session: Pick<Session, "muted"> | undefined,
  preferences: DevicePreferences,
): boolean {
  if (waitsForOwner(kind)) return true;
  return session?.muted !== true && !preferences.mutedKinds.includes(kind);
}

/** Whether the device wants to watch the turns of this session; `activity` is the kind to mute. */
export const wantsActivities = (
  session: Pick<Session, "muted"> | undefined,
  preferences: DevicePreferences,
): boolean => session?.muted === false && !preferences.mutedKinds.includes("activity");

/** What an event is about, as it stands now. */
export interface PushSubject {
  session: Pick<Session, "state" | "lease"> | undefined;
  permission: Pick<Permission, "state"> | undefined;
}

/** Whether there is nothing to say any more: a push about it would send the owner to something that is no longer so. */
export function isOver(event: LoggedEvent, { session, permission }: PushSubject): boolean {
  if (event.sessionId !== null && (session === undefined || session.state === "closed")) return true;
  switch (event.type) {
    case "permission.requested":
      return permission?.state !== "open";
    case "session.expiring":
      // A renewal moves the end of the lease, in this term or in the next one.
      return session?.lease.expiresAt !== event.data.expiresAt;
    case "session.expired":
      return (session?.lease.term ?? 0) > event.data.term;
    default:
      return false;
  }
}
