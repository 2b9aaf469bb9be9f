import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { ApnsEnvironment, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { PushPreparer } from "../outbox/preparedPush.ts";
import type { Connections } from "../sockets/connections.ts";
import { ActivityPlanner } from "./activityPlanner.ts";
import { ActivityPushes } from "./activityPushes.ts";
import { ActivityRegistrations } from "./activityRegistrations.ts";
import { ActivityRequestBuilder } from "./activityRequestBuilder.ts";
import { ActivityUpdates } from "./activityUpdates.ts";

export interface LiveActivitiesParts {
  /** The store without `planned`: deliveries are planned in its transactions. */
  store: Store;
  push: PushSender;
  connections: Connections;
  clock: Clock;
  log: Log;
  /** How long a turn must last before it is shown (`PUSH_GRACE_MS`). */
  graceMs: () => number;
  defaultEnvironment: ApnsEnvironment;
  /** Told when a new delivery is due (ms since the epoch), in the transaction that plans it. */
  noteDue: (dueAt: number) => void;
}

/**
 * Live Activities (ActivityKit): a running turn on the lock screen.
 *
 *   turn.started -> start (outbox; if the turn outlasts the grace and the device is not watched) -> the app names the address
 *     -> updates (past the outbox, lossy) -> turn over -> end (outbox) -> the address is forgotten
 *
 * An app that starts an activity itself names the address at once, and the rest is the same.
 */
export class LiveActivities {
  readonly #parts: LiveActivitiesParts;
  readonly #planner: ActivityPlanner;
  /** Prepares the pushes of the outbox that start and end activities. */
  readonly pushes: PushPreparer;
  readonly #updates: ActivityUpdates;
  readonly registrations: ActivityRegistrations;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: LiveActivitiesParts) {
    const { store, push, connections, clock, log, graceMs, defaultEnvironment, noteDue } = parts;
    this.#parts = parts;
    const requests = new ActivityRequestBuilder({ store, clock, defaultEnvironment });
    this.#planner = new ActivityPlanner({ store, clock, graceMs, noteDue });
    this.pushes = new ActivityPushes({ store, requests, push, connections, clock, log });
    this.#updates = new ActivityUpdates({ store, requests, push, clock, log });
    this.registrations = new ActivityRegistrations({
      store,
      planner: this.#planner,
      clock,
      registered: (activity) => this.#updates.request(activity),
    });
  }

  /** Idempotent. */
  start(): void {
    this.#unsubscribe ??= this.#parts.store.events.subscribe((events) => {
      for (const event of events) this.#updates.noteEvent(event);
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
