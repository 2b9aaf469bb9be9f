import { randomUUID } from "node:crypto";
import { DeadlineTimer } from "../../domain/deadlineTimer.ts";
import type { PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";

/** Apple lets two or three background pushes an hour through ("Pushing background updates to your App"). */
const betweenMs = 20 * 60_000;
/** A device that is read on acks event after event: one push for all of them. */
const settleMs = 2_000;

interface Budget {
  /** As the database has it: a restart does not reset the budget. */
  lastAt: number | undefined;
  timer: DeadlineTimer;
}

/**
 * Sends the silent pushes that correct the badge of a device after its events were read on another device. At most one push
 * in 20 minutes a device; reads in between are in the count of the next one. They are neither stored nor retried, because
 * the next alert carries the badge too.
 */
export class BadgeSync {
  readonly #parts: {
    store: Pick<Store, "events" | "devices" | "outbox">;
    push: PushSender;
    clock: Clock;
    log: Log;
  };
  readonly #budgets = new Map<string, Budget>();
  #stopped = false;

  constructor(parts: {
    store: Pick<Store, "events" | "devices" | "outbox">;
    push: PushSender;
    clock: Clock;
    log: Log;
  }) {
    this.#parts = parts;
  }

  /** The device's badge is out of date. */
  request(deviceId: string): void {
    if (this.#stopped) return;
    const { timer, lastAt = Number.NEGATIVE_INFINITY } = this.#budgetOf(deviceId);
    if (timer.armedAt !== Number.POSITIVE_INFINITY) return;
    const now = this.#parts.clock.now();
    // A clock that was set back leaves an instant that is still to come.
    timer.armAt(Math.max(now + settleMs, Math.min(lastAt, now) + betweenMs));
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#budgets.values()) timer.cancel();
    this.#budgets.clear();
  }

  #budgetOf(deviceId: string): Budget {
    const known = this.#budgets.get(deviceId);
    if (known) return known;
    const { store, clock, log } = this.#parts;
    const onDue = () =>
      this.#send(deviceId, budget).catch((error: unknown) => {
        log.warn("sync.not_sent", { deviceId, error });
      });
    const lastAt = store.devices.syncedAt(deviceId);
    const budget: Budget = { lastAt, timer: new DeadlineTimer({ clock, onDue }) };
    this.#budgets.set(deviceId, budget);
    return budget;
  }

  async #send(deviceId: string, budget: Budget): Promise<void> {
    const { store, push, clock, log } = this.#parts;
    const target = store.devices.get(deviceId)?.push;
    // Browsers want every push to show something: a silent one would be shown as an unknown one.
    if (target?.provider !== "apns") {
      this.#budgets.delete(deviceId);
      return;
    }
    budget.lastAt = clock.now();
    store.devices.setSynced(deviceId, budget.lastAt);
    const unread = store.outbox.unreadCount(deviceId);
    const outcome = await push.sync({ deliveryId: randomUUID(), target, unread, cursor: store.events.tip() });
    if (outcome.outcome !== "sent") log.info("sync.not_sent", { deviceId, reason: outcome.reason });
  }
}
