import { spanInWords } from "../design/times.ts";
import type { LifecycleEvent } from "./answers.ts";

const parkReasons: Record<string, string> = {
  evicted: "made room for another session",
  idle: "was idle",
  cancelled: "was ended by a device",
  server_restarted: "the server restarted",
  server_stopped: "the server stopped",
  process_ended: "its process ended",
};

/** Events that need the owner's eye. */
const grave: ReadonlySet<string> = new Set([
  "session.crashed",
  "session.quarantined",
  "turn.failed",
  "resource.warning",
  "limit.reached",
  "login.required",
  "device.push_lost",
]);

export const isGrave = (event: LifecycleEvent): boolean => grave.has(event.type);

/** What happened, in a sentence without its subject: the session's title stands before it. */
export function lifecycleWords(event: LifecycleEvent): string {
  switch (event.type) {
    case "session.created":
      return "Begun";
    case "session.renewed":
      return event.data.reason === "keep-alive"
        ? "Kept alive by a device"
        : event.data.reason === "revived"
          ? "Brought back after its end"
          : "Lease renewed by a message";
    case "session.expiring":
      return `${event.data.final ? "Last warning" : "Warning"}: expires in ${spanInWords(event.data.timeRemainingMs)}`;
    case "session.expired":
      return "Expired; a message or keep-alive brings it back";
    case "session.parked":
      return `Parked: ${parkReasons[event.data.reason] ?? event.data.reason}`;
    case "session.woken":
      return `Process ${event.data.pid} started${event.data.spare ? " from a spare" : event.data.resumed ? ", context resumed" : ""}`;
    case "session.crashed":
      return `Crashed: ${event.data.detail}`;
    case "session.recovered":
      return `Recovered: ${event.data.detail}`;
    case "session.recycled":
      return `Process replaced: ${event.data.detail}`;
    case "session.quarantined":
      return `Quarantined: ${event.data.detail}`;
    case "session.closed":
      return event.data.erased ? "Closed and erased" : "Closed for good";
    case "turn.failed":
      return `An answer failed: ${event.data.detail}`;
    case "resource.warning":
      return event.data.detail;
    case "limit.reached":
      return `Usage limit reached: ${event.data.detail}`;
    case "limit.warning":
      return `${Math.round(event.data.utilizationPercent)} % of the plan’s window ${event.data.windowId} is used`;
    case "limit.lifted":
      return "Usage limit lifted";
    case "login.required":
      return `Claude’s login is needed: ${event.data.detail}`;
    case "device.paired":
      return `Device “${event.data.name}” paired`;
    case "device.revoked":
      return `Device “${event.data.name}” revoked`;
    case "device.push_lost":
      return `“${event.data.name}” gets no pushes any more: another device registered the same address`;
    default:
      return event.type;
  }
}
