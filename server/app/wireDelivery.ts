import { confirmedPush } from "../delivery/confirmedPush.ts";
import { Connections } from "../delivery/connections.ts";
import { Courier } from "../delivery/courier.ts";
import { Dispatcher } from "../delivery/dispatcher.ts";
import { Feed } from "../delivery/feed.ts";
import { LiveActivities } from "../delivery/liveActivities.ts";
import { DeliveryPlanner, planned } from "../delivery/planner.ts";
import type { ApnsEnvironment, PushSender } from "../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { Closers } from "../platform/closers.ts";
import type { Settings } from "./settings.ts";

interface WireDeliveryParts {
  /** The bare store; everything that appends is to use the one that is given back. */
  database: Store;
  push: PushSender;
  settings: Settings;
  clock: Clock;
  log: Log;
  defaultEnvironment: ApnsEnvironment;
}

/** What takes the log's news to devices. The courier is started by the caller, when the last run has been put right. */
export function wireDelivery(parts: WireDeliveryParts, closers: Closers) {
  const { database, settings, clock, log, defaultEnvironment } = parts;
  const push = confirmedPush(parts.push, database, clock);
  const connections = new Connections({ clock, durability: database });
  // Read at each use: the owner may change it while the server runs.
  const withGrace = <T extends object>(workings: T): T & { readonly graceMs: number } =>
    Object.defineProperty(workings, "graceMs", { get: () => settings.config.pushGraceMs }) as T & {
      graceMs: number;
    };
  const planner = new DeliveryPlanner(withGrace({ store: database, connections, clock }));
  const activities = new LiveActivities(
    withGrace({
      ...{ store: database, push, connections, clock, log, defaultEnvironment },
      planned: () => courier.pulse(),
    }),
  );
  const store = planned(database, planner, activities);
  const feed = new Feed({ connections });
  const courier = new Courier(
    withGrace({ store, push, activities: activities.errands, connections, clock, log }),
  );
  const dispatcher = new Dispatcher({ events: store.events, connections, feed, courier });
  closers.push(() => dispatcher.stop());
  closers.push(() => courier.stop(3_000));
  closers.push(() => activities.stop());
  activities.start();
  dispatcher.start();
  return { store, connections, activities, feed, courier };
}
