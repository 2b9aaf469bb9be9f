import { LiveActivities } from "../delivery/activities/liveActivities.ts";
import { DeliveryPlanner, planned } from "../delivery/outbox/deliveryPlanner.ts";
import { durablePush } from "../delivery/outbox/durablePush.ts";
import { OutboxSender } from "../delivery/outbox/outboxSender.ts";
import { sendTestPush } from "../delivery/outbox/testPush.ts";
import { Connections } from "../delivery/sockets/connections.ts";
import { EventBroadcaster } from "../delivery/sockets/eventBroadcaster.ts";
import { DeltaFeed } from "../delivery/sockets/liveFeed.ts";
import type { DeliveryWatch } from "../domain/delivery/deliveryWatch.ts";
import type { Device } from "../domain/delivery/device.ts";
import type { ApnsEnvironment, PushSender } from "../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { Closers } from "../platform/closers.ts";
import type { Settings } from "./settings.ts";

interface WireDeliveryParts {
  /** The store without planning; everything that appends has to use the store that is returned. */
  database: Store;
  push: PushSender;
  settings: Settings;
  clock: Clock;
  log: Log;
  defaultEnvironment: ApnsEnvironment;
  /** Measures delivery; a server is not without it. */
  watch?: DeliveryWatch;
}

/** Builds and wires delivery: sockets, outbox, Live Activities. The caller starts the outbox sender after the recovery. */
export function wireDelivery(parts: WireDeliveryParts, closers: Closers) {
  const { database, settings, clock, log, defaultEnvironment, watch } = parts;
  const push = durablePush(parts.push, database, clock);
  const connections = new Connections({ clock, durability: database, watch });
  // A function, because the owner may change it while the server runs.
  const graceMs = () => settings.config.pushGraceMs;
  const noteDue = (dueAt: number) => outboxSender.noteDue(dueAt);
  const planner = new DeliveryPlanner({ store: database, connections, clock, graceMs, noteDue });
  const activities = new LiveActivities({
    store: database,
    push,
    connections,
    clock,
    log,
    graceMs,
    defaultEnvironment,
    noteDue,
  });
  const store = planned(database, planner, activities);
  const feed = new DeltaFeed({ connections });
  const outboxSender = new OutboxSender({
    store,
    push,
    activities: activities.pushes,
    connections,
    clock,
    log,
    graceMs,
    watch,
  });
  const broadcaster = new EventBroadcaster({ events: store.events, connections, feed });
  closers.push(() => broadcaster.stop());
  closers.push(() => outboxSender.stop(3_000));
  closers.push(() => activities.stop());
  activities.start();
  broadcaster.start();
  const testPush = (device: Device) => sendTestPush(device, { store, push, clock });
  return { store, connections, activities, feed, outboxSender, testPush };
}
