import type { ApnsStandIn, RecordedRequest } from "../support/push/apnsStandIn.ts";

/** What Apple knows of one delivery. */
export interface PushTrail {
  apnsId: string;
  deviceToken: string;
  cursor: number;
  turnId?: string;
  /** Requests that came, and those that were answered with 200. */
  requests: number;
  accepted: number;
}

interface DaylongKey {
  daylong?: { cursor?: number; turnId?: string; kind?: string };
}

/** Follows the pushes of a long run at the APNs stand-in, without keeping every request. */
export class PushTrails {
  readonly trails = new Map<string, PushTrail>();
  /** Apple's reasons for requests that broke its rules, with their count. */
  readonly faults = new Map<string, number>();
  silentPushes = 0;
  readonly #apple: ApnsStandIn;

  constructor(apple: ApnsStandIn) {
    this.#apple = apple;
  }

  /** Takes over what has been answered; what Apple has not answered yet stays for the next time, or for `last`. */
  sweep(last = false): void {
    const { requests } = this.#apple;
    const open = requests.filter((request) => {
      if (request.status === undefined && !last) return true;
      this.#keep(request);
      return false;
    });
    requests.splice(0, requests.length, ...open);
  }

  #keep(request: RecordedRequest): void {
    const { apnsId, token, payload, status, fault, headers } = request;
    if (fault !== undefined) this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    if (headers["apns-push-type"] === "background") {
      this.silentPushes += 1;
      return;
    }
    const { daylong } = payload as DaylongKey;
    const trail = this.trails.get(apnsId) ?? {
      apnsId,
      deviceToken: token,
      cursor: daylong?.cursor ?? 0,
      turnId: daylong?.turnId,
      requests: 0,
      accepted: 0,
    };
    // The same id for another device or another event would be another push: it is kept apart, and found.
    const isSame = trail.deviceToken === token && trail.cursor === daylong?.cursor;
    if (!isSame) this.faults.set("apns-id used twice", (this.faults.get("apns-id used twice") ?? 0) + 1);
    trail.requests += 1;
    if (status === 200) trail.accepted += 1;
    this.trails.set(apnsId, trail);
  }
}
