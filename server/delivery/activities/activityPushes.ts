import { type Delivery, isActivityKind } from "../../domain/delivery/delivery.ts";
import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { DeliveryStatus } from "../outbox/outcomeRecorder.ts";
import {
  type NoPush,
  type PreparedPush,
  type PushPreparer,
  pendingAt,
  settled,
} from "../outbox/preparedPush.ts";
import { wantsActivities } from "../outbox/pushEligibility.ts";
import type { Connections } from "../sockets/connections.ts";
import {
  type ActivityRequestBuilder,
  type ActivitySubject,
  activityLifeMs,
} from "./activityRequestBuilder.ts";

export interface ActivityPushesParts {
  store: Pick<Store, "events" | "devices" | "activities">;
  requests: ActivityRequestBuilder;
  push: Pick<PushSender, "activity">;
  connections: Connections;
  clock: Clock;
  log: Log;
}

/** Prepares the pushes of the outbox that start and end Live Activities. */
export class ActivityPushes implements PushPreparer {
  readonly #parts: ActivityPushesParts;

  constructor(parts: ActivityPushesParts) {
    this.#parts = parts;
  }

  prepare(delivery: Delivery): PreparedPush | NoPush {
    const { store, requests } = this.#parts;
    const { kind } = delivery;
    if (!isActivityKind(kind)) throw new Error(`${kind} is of no Live Activity.`);
    const event = store.events.after(delivery.cursor - 1, 1)[0];
    if (event?.cursor !== delivery.cursor || event.sessionId === null || event.turnId === undefined) {
      return { next: settled("dead"), reason: "expired" };
    }
    const subject = requests.subject(event.sessionId, event.turnId);
    if (!subject) return { next: settled("suppressed") };
    switch (kind) {
      case "activity-start":
        return this.#prepareStart(delivery, subject);
      case "activity-end":
        return this.#prepareEnd(delivery, subject);
      default: {
        const unknown: never = kind;
        throw new Error(`No push for ${String(unknown)}.`);
      }
    }
  }

  #prepareStart({ deliveryId, deviceId }: Delivery, subject: ActivitySubject): PreparedPush | NoPush {
    const { store, connections, requests, push } = this.#parts;
    const { activities } = store;
    const { session, turn } = subject;
    const device = store.devices.get(deviceId);
    const start = activities.start(deviceId);
    if (!device || !start) return { next: settled("gone") };
    const isThere = activities.get(deviceId, session.sessionId, turn.turnId) !== undefined;
    // An app that is looked at starts its own activity, or shows the turn itself.
    const isOver = turn.state !== "running" || isThere || connections.isWatched(deviceId);
    if (isOver || !wantsActivities(session, device.preferences)) return { next: settled("suppressed") };
    const request = requests.build("start", deliveryId, subject, start);
    return {
      target: request.target,
      send: () => push.activity(request),
      sent: () => settled("sent"),
      gone: (outcome) => {
        const current = activities.start(deviceId);
        const isReplaced = current !== undefined && current.token !== start.token;
        if (!isReplaced && isProof(outcome, current?.registeredAt)) {
          activities.removeStart(deviceId, start.token);
          this.#parts.log.info("activity.start_token_dropped", { deviceId });
        }
        return { next: isReplaced ? this.#retryNow() : settled("gone") };
      },
    };
  }

  #prepareEnd(delivery: Delivery, subject: ActivitySubject): PreparedPush | NoPush {
    const { store, requests, push, clock } = this.#parts;
    const { deliveryId, deviceId, createdAt } = delivery;
    const { sessionId } = subject.session;
    const activity = store.activities.get(deviceId, sessionId, subject.turn.turnId);
    if (!activity) return { next: settled("suppressed") };
    const forget = (): boolean => store.activities.remove(deviceId, sessionId, activity.token);
    if (clock.now() >= createdAt + activityLifeMs) {
      forget();
      return { next: settled("dead"), reason: "expired" };
    }
    const request = requests.build("end", deliveryId, subject, activity);
    // The turn is over, and so is the address: removed, unless the app named another one while the push was in flight.
    const settle = (state: DeliveryStatus["state"]): DeliveryStatus =>
      forget() || !store.activities.get(deviceId, sessionId, subject.turn.turnId)
        ? settled(state)
        : this.#retryNow();
    return {
      target: request.target,
      send: () => push.activity(request),
      sent: () => settle("sent"),
      gone: () => ({ next: settle("gone") }),
    };
  }

  #retryNow(): DeliveryStatus {
    return pendingAt(this.#parts.clock.now());
  }
}

/** Whether Apple's answer proves that an address is dead: a 410 whose instant is later than the registration (V12). */
export function isProof(outcome: PushOutcome, registeredAt: number | undefined): boolean {
  if (outcome.outcome !== "gone" || outcome.status !== 410 || outcome.sinceAt === undefined) return false;
  return registeredAt !== undefined && outcome.sinceAt > registeredAt;
}
