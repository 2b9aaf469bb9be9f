import type { Delivery } from "../domain/delivery.ts";
import type { ActivityKind } from "../domain/liveActivity.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { PushOutcome, PushSender } from "../domain/push.ts";
import { type ActivityRequests, type ActivitySubject, activityLifeMs } from "./activityRequests.ts";
import type { Connections } from "./connections.ts";
import type { Errand, NoErrand } from "./errand.ts";
import type { Standing } from "./ledger.ts";
import { wantsActivities } from "./subject.ts";

export interface ActivityErrandsParts {
  store: Pick<Store, "events" | "devices" | "activities">;
  requests: ActivityRequests;
  push: Pick<PushSender, "activity">;
  connections: Connections;
  clock: Clock;
  log: Log;
}

const none = (state: Standing["state"], reason?: string): NoErrand => ({
  next: { state, nextAttemptAt: null },
  reason,
});

/** Starts and ends of Live Activities, as the outbox has them sent. */
export class ActivityErrands {
  readonly #parts: ActivityErrandsParts;

  constructor(parts: ActivityErrandsParts) {
    this.#parts = parts;
  }

  /** The push as it would be said now, or why it is not said any more. */
  prepare(delivery: Delivery, kind: ActivityKind): Errand | NoErrand {
    const { store, requests } = this.#parts;
    const event = store.events.after(delivery.cursor - 1, 1)[0];
    if (event?.cursor !== delivery.cursor || event.sessionId === null || event.turnId === undefined) {
      return none("dead", "expired");
    }
    const subject = requests.subject(event.sessionId, event.turnId);
    if (!subject) return none("suppressed");
    switch (kind) {
      case "activity-start":
        return this.#prepareStart(delivery, subject);
      case "activity-end":
        return this.#prepareEnd(delivery, subject);
      default: {
        const unknown: never = kind;
        throw new Error(`No errand for ${String(unknown)}.`);
      }
    }
  }

  #prepareStart({ deliveryId, deviceId }: Delivery, subject: ActivitySubject): Errand | NoErrand {
    const { store, connections, requests, push } = this.#parts;
    const { activities } = store;
    const { session, turn } = subject;
    const device = store.devices.get(deviceId);
    const start = activities.start(deviceId);
    if (!device || !start) return none("gone");
    const isThere = activities.get(deviceId, session.sessionId, turn.turnId) !== undefined;
    // An app that is looked at starts its own activity, or shows the turn itself.
    const isOver = turn.state !== "running" || isThere || connections.isWatched(deviceId);
    if (isOver || !wantsActivities(session, device.preferences)) return none("suppressed");
    const request = requests.write("start", deliveryId, subject, start);
    return {
      target: request.target,
      send: () => push.activity(request),
      sent: () => ({ state: "sent", nextAttemptAt: null }),
      gone: (outcome, book) => {
        const current = activities.start(deviceId);
        const isReplaced = current !== undefined && current.token !== start.token;
        if (!isReplaced && isProof(outcome, current?.registeredAt)) {
          activities.removeStart(deviceId, start.token);
          this.#parts.log.info("activity.start_token_dropped", { deviceId });
        }
        book(isReplaced ? this.#again() : { state: "gone", nextAttemptAt: null });
        return undefined;
      },
    };
  }

  #prepareEnd(delivery: Delivery, subject: ActivitySubject): Errand | NoErrand {
    const { store, requests, push, clock } = this.#parts;
    const { deliveryId, deviceId, createdAt } = delivery;
    const { sessionId } = subject.session;
    const activity = store.activities.get(deviceId, sessionId, subject.turn.turnId);
    if (!activity) return none("suppressed");
    const forget = (): boolean => store.activities.remove(deviceId, sessionId, activity.token);
    if (clock.now() >= createdAt + activityLifeMs) {
      forget();
      return none("dead", "expired");
    }
    const request = requests.write("end", deliveryId, subject, activity);
    // The turn is over, and so is the address: forgotten, unless the app named another one while the push was on its way.
    const settle = (state: Standing["state"]): Standing =>
      forget() || !store.activities.get(deviceId, sessionId, subject.turn.turnId)
        ? { state, nextAttemptAt: null }
        : this.#again();
    return {
      target: request.target,
      send: () => push.activity(request),
      sent: () => settle("sent"),
      gone: (_outcome, book) => {
        book(settle("gone"));
        return undefined;
      },
    };
  }

  #again = (): Standing => ({ state: "pending", nextAttemptAt: this.#parts.clock.now() });
}

/** Whether Apple's word ends an address that was registered then: a 410 of a later instant (V12). */
export function isProof(outcome: PushOutcome, registeredAt: number | undefined): boolean {
  if (outcome.outcome !== "gone" || outcome.status !== 410 || outcome.sinceAt === undefined) return false;
  return registeredAt !== undefined && outcome.sinceAt > registeredAt;
}
