import { pushContentOf } from "../../domain/delivery/delivery.ts";
import type { Device } from "../../domain/delivery/device.ts";
import type { LoggedEvent } from "../../domain/delivery/event.ts";
import type { PushContent } from "../../domain/delivery/push.ts";
import type { EventPush } from "../../domain/delivery/pushRules.ts";
import type { Store } from "../../domain/ports.ts";
import type { Session } from "../../domain/sessions/session.ts";

/** The reads of the store that are shared. */
export interface SharedReadsStore {
  events: Pick<Store["events"], "after">;
  sessions: Pick<Store["sessions"], "get">;
  devices: Pick<Store["devices"], "get" | "many">;
  outbox: Pick<Store["outbox"], "unreadCount" | "unreadCounts">;
}

/**
 * Cache of what the pushes of one step of the event loop have in common: an event goes to every device, and its row, with its
 * session's, would be read and parsed for each of them. The rows and the badges of the devices are read together, because most
 * of a statement that finds one row is its beginning and its end; where that fails each device is read by itself, so that a
 * broken row stops no other device's push. Dropped after the step, so that nothing in it grows old.
 */
export class SharedReads {
  readonly #store: SharedReadsStore;
  readonly #deviceIds: readonly string[];
  readonly #events = new Map<number, LoggedEvent | undefined>();
  readonly #sessions = new Map<string, Session | undefined>();
  readonly #contents = new Map<number, PushContent>();
  /** `null`: each is read by itself. */
  #devices: Map<string, Device> | null | undefined;
  #unreadCounts: Map<string, number> | null | undefined;

  /** `deviceIds`: the devices that are pushed to in this step. */
  constructor(store: SharedReadsStore, deviceIds: readonly string[]) {
    this.#store = store;
    this.#deviceIds = deviceIds;
  }

  /** The first event from the cursor on. */
  event(cursor: number): LoggedEvent | undefined {
    if (!this.#events.has(cursor)) this.#events.set(cursor, this.#store.events.after(cursor - 1, 1)[0]);
    return this.#events.get(cursor);
  }

  session(sessionId: string): Session | undefined {
    if (!this.#sessions.has(sessionId)) this.#sessions.set(sessionId, this.#store.sessions.get(sessionId));
    return this.#sessions.get(sessionId);
  }

  /** One of the devices that are pushed to in this step, unless it has been revoked. */
  device(deviceId: string): Device | undefined {
    const { devices } = this.#store;
    if (this.#devices === undefined)
      this.#devices = unlessRefused(
        () => new Map(devices.many(this.#deviceIds).map((device) => [device.deviceId, device])),
      );
    return this.#devices === null ? devices.get(deviceId) : this.#devices.get(deviceId);
  }

  /** The badge of one of the devices. */
  unreadCount(deviceId: string): number {
    const { outbox } = this.#store;
    if (this.#unreadCounts === undefined)
      this.#unreadCounts = unlessRefused(() => outbox.unreadCounts(this.#deviceIds));
    return this.#unreadCounts === null
      ? outbox.unreadCount(deviceId)
      : (this.#unreadCounts.get(deviceId) ?? 0);
  }

  /** The badges have changed within this step. */
  forgetUnreadCounts(): void {
    this.#unreadCounts = null;
  }

  /** What the push of the event says, the same on every device but for the badge. */
  content(
    event: LoggedEvent,
    push: EventPush,
    session: { title: string; projectName: string } | undefined,
    badge: number,
  ): PushContent {
    const content = this.#contents.get(event.cursor) ?? pushContentOf(event, push, session, badge);
    this.#contents.set(event.cursor, content);
    return content.badge === badge ? content : { ...content, badge };
  }
}

function unlessRefused<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    // Told by the one that cannot be read by itself either.
    return null;
  }
}
