import type { DeliveryKind } from "../../domain/delivery/delivery.ts";
import { type LoggedEvent, terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import { newDeliveryId } from "../deliveryId.ts";
import { wantsActivities } from "../outbox/pushEligibility.ts";
import { quietEndsAt } from "../outbox/quietHours.ts";

export interface ActivityPlannerParts {
  store: Pick<Store, "devices" | "sessions" | "outbox" | "activities">;
  clock: Clock;
  /** A turn that ends within it shows no activity (`PUSH_GRACE_MS`). */
  graceMs: () => number;
  /** Told when a new delivery is due (ms since the epoch), in the transaction that plans it. */
  noteDue: (dueAt: number) => void;
}

/**
 * Plans the starts and ends of Live Activities, in the transaction that appends the event: a turn that ends has its end
 * in the outbox, also when the server crashes next. A start waits for the grace, because a turn of a second is nothing to watch.
 */
export class ActivityPlanner {
  readonly #parts: ActivityPlannerParts;

  constructor(parts: ActivityPlannerParts) {
    this.#parts = parts;
  }

  /** Only inside `Store.transaction`. */
  plan(event: LoggedEvent): void {
    const { sessionId, turnId } = event;
    if (sessionId === null || turnId === undefined) return;
    if (event.type === "turn.started") this.#planStarts(event, sessionId);
    else if (terminalTurnEvents.has(event.type)) {
      for (const { deviceId } of this.#parts.store.activities.ofTurn(sessionId, turnId)) {
        this.planEnd(deviceId, event);
      }
    }
  }

  /** The device's activity of the event's turn is to end. Only inside `Store.transaction`. */
  planEnd(deviceId: string, event: Pick<LoggedEvent, "cursor">): void {
    const { outbox } = this.#parts.store;
    const at = this.#parts.clock.now();
    // Sent already, to an address that the activity has no more: sent again, to the new one.
    if (outbox.reopen(deviceId, event.cursor, "activity-end", at)) this.#parts.noteDue(at);
    else this.#insert(deviceId, event, "activity-end", at);
  }

  #planStarts(event: LoggedEvent, sessionId: string): void {
    const { store, clock, graceMs } = this.#parts;
    const starts = store.activities.starts();
    if (starts.length === 0) return;
    const session = store.sessions.get(sessionId);
    for (const { deviceId } of starts) {
      const preferences = store.devices.get(deviceId)?.preferences;
      if (!preferences || !wantsActivities(session, preferences)) continue;
      // Later there may be nothing left to watch.
      if (quietEndsAt(preferences.quietHours, clock.now()) !== undefined) continue;
      this.#insert(deviceId, event, "activity-start", event.at + graceMs());
    }
  }

  #insert(
    deviceId: string,
    { cursor }: Pick<LoggedEvent, "cursor">,
    kind: DeliveryKind,
    nextAttemptAt: number,
  ): void {
    const { store, clock, noteDue } = this.#parts;
    const now = clock.now();
    store.outbox.insert({
      deliveryId: newDeliveryId(now),
      deviceId,
      cursor,
      kind,
      state: "pending",
      createdAt: now,
      nextAttemptAt,
      attemptCount: 0,
    });
    noteDue(nextAttemptAt);
  }
}
