import type { LoggedEvent } from "../domain/delivery/event.ts";
import type { ApnsEnvironment, PushSender } from "../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import { ActivityErrands } from "./activityErrands.ts";
import { ActivityPlanner } from "./activityPlanner.ts";
import { ActivityRegister } from "./activityRegister.ts";
import { ActivityRequests } from "./activityRequests.ts";
import { ActivityUpdates } from "./activityUpdates.ts";
import type { Connections } from "./connections.ts";
import type { Errands } from "./errand.ts";

export interface LiveActivitiesParts {
  /** The bare one: what is planned here is planned in its transactions. */
  store: Store;
  push: PushSender;
  connections: Connections;
  clock: Clock;
  log: Log;
  /** Read each time, because the owner may change it. */
  readonly graceMs: number;
  defaultEnvironment: ApnsEnvironment;
  /** There is something new in the outbox. */
  planned: () => void;
}

/**
 * Live Activities (ActivityKit): a running turn on the lock screen.
 *
 *   turn.started -> start (outbox; only if the turn outlasts the grace and nobody looks) -> the app names the address
 *     -> updates (past the outbox, lossy) -> turn over -> end (outbox) -> the address is forgotten
 *
 * An app that starts an activity itself names the address at once, and the rest is the same.
 */
export class LiveActivities {
  readonly #parts: LiveActivitiesParts;
  readonly #planner: ActivityPlanner;
  /** What the outbox sends of ours. */
  readonly errands: Errands;
  readonly #updates: ActivityUpdates;
  readonly register: ActivityRegister;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: LiveActivitiesParts) {
    const { store, push, connections, clock, log, defaultEnvironment, planned } = parts;
    this.#parts = parts;
    const requests = new ActivityRequests({ store, clock, defaultEnvironment });
    this.#planner = new ActivityPlanner({
      ...{ store, clock, planned },
      get graceMs() {
        return parts.graceMs;
      },
    });
    this.errands = new ActivityErrands({ store, requests, push, connections, clock, log });
    this.#updates = new ActivityUpdates({ store, requests, push, clock, log });
    this.register = new ActivityRegister({
      store,
      planner: this.#planner,
      clock,
      registered: (activity) => this.#updates.request(activity),
    });
  }

  /** Idempotent. */
  start(): void {
    this.#unsubscribe ??= this.#parts.store.events.subscribe((events) => {
      for (const event of events) this.#updates.heed(event);
    });
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#updates.stop();
  }

  /** Only inside `Store.transaction`, right after the event was appended. */
  plan(event: LoggedEvent): void {
    this.#planner.plan(event);
  }
}
