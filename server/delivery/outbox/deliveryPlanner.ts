import type { LoggedEvent } from "../../domain/delivery/event.ts";
import { kindRules, pushOf, silenceMs } from "../../domain/delivery/pushRules.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { EventStore } from "../../domain/stores/delivery.ts";
import { newDeliveryId } from "../deliveryId.ts";
import type { Connections } from "../sockets/connections.ts";
import { isWanted } from "./pushEligibility.ts";
import { quietEndsAt } from "./quietHours.ts";

export interface DeliveryPlannerParts {
  store: Pick<Store, "devices" | "sessions" | "outbox">;
  connections: Connections;
  clock: Clock;
  /** How long a device that watches has to ack before it is pushed to (`PUSH_GRACE_MS`). */
  graceMs: () => number;
  /** Told when a new delivery is due (ms since the epoch), in the transaction that plans it. */
  noteDue: (dueAt: number) => void;
}

/**
 * Plans the deliveries of an event: one pending row in the outbox for each device with a push target that wants it. It runs
 * inside the transaction that appends the event, so that an event and the duty to tell of it are one commit: a crash after
 * it loses neither.
 *
 * The pool does not know of it. The composition root gives the pool the store as `planned(store, planner)`, whose
 * `events.append` plans after each append, so that no code that appends can forget to plan.
 */
export class DeliveryPlanner {
  readonly #parts: DeliveryPlannerParts;

  constructor(parts: DeliveryPlannerParts) {
    this.#parts = parts;
  }

  /** Only inside `Store.transaction`. */
  plan(event: LoggedEvent): void {
    const push = pushOf(event);
    if (push === undefined) return;
    const { kind } = push;
    const silentAt = push.unlessTurnFollows === true ? event.at + silenceMs : 0;
    const { store, connections, clock, graceMs, noteDue } = this.#parts;
    const session = event.sessionId === null ? undefined : store.sessions.get(event.sessionId);
    const now = clock.now();
    for (const device of store.devices.list()) {
      if (device.push === null || !isWanted(kind, session, device.preferences)) continue;
      const graceEndsAt = connections.isWatched(device.deviceId) ? event.at + graceMs() : event.at;
      const quietUntilAt = kindRules[kind].waitsForOwner
        ? undefined
        : quietEndsAt(device.preferences.quietHours, now);
      const nextAttemptAt = Math.max(graceEndsAt, silentAt, quietUntilAt ?? 0);
      store.outbox.insert({
        deliveryId: newDeliveryId(now),
        deviceId: device.deviceId,
        cursor: event.cursor,
        kind,
        state: "pending",
        createdAt: event.at,
        nextAttemptAt,
        attemptCount: 0,
      });
      noteDue(nextAttemptAt);
    }
  }
}

/**
 * The same store, whose `events.append` also plans the event's deliveries, in the caller's transaction. Give it to
 * everything that appends.
 */
export function planned(store: Store, ...planners: ReadonlyArray<Pick<DeliveryPlanner, "plan">>): Store {
  const log = store.events;
  const events: EventStore = {
    append(event) {
      const logged = log.append(event);
      for (const planner of planners) planner.plan(logged);
      return logged;
    },
    get epoch() {
      return log.epoch;
    },
    tip: () => log.tip(),
    floor: () => log.floor(),
    after: (cursor, limit, maxChars) => log.after(cursor, limit, maxChars),
    framesAfter: (cursor, limit, maxChars) => log.framesAfter(cursor, limit, maxChars),
    ofSession: (sessionId, afterSeq, limit, maxChars) => log.ofSession(sessionId, afterSeq, limit, maxChars),
    transcript: (sessionId, before, limit, maxChars) => log.transcript(sessionId, before, limit, maxChars),
    message: (messageId) => log.message(messageId),
    hasToolEndSince: (sessionId, toolUseId, at) => log.hasToolEndSince(sessionId, toolUseId, at),
    hasTurnEndAfter: (sessionId, seq) => log.hasTurnEndAfter(sessionId, seq),
    lifecycle: (beforeCursor, limit) => log.lifecycle(beforeCursor, limit),
    subscribe: (listener) => log.subscribe(listener),
  };
  return {
    transaction: (work, committed, sync) => store.transaction(work, committed, sync),
    whenDurable: (tell) => store.whenDurable(tell),
    events,
    sessions: store.sessions,
    reads: store.reads,
    erasures: store.erasures,
    turns: store.turns,
    permissions: store.permissions,
    tasks: store.tasks,
    facts: store.facts,
    usage: store.usage,
    attachments: store.attachments,
    devices: store.devices,
    outbox: store.outbox,
    activities: store.activities,
    processes: store.processes,
    trust: store.trust,
    allowances: store.allowances,
    conversations: store.conversations,
    handoffs: store.handoffs,
    settings: store.settings,
    audit: store.audit,
  };
}
