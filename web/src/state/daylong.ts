import { computed, effect, signal } from "@preact/signals";
import { type Answer, DaylongClient, type LinkState } from "../../../client/src/index.ts";
import type { Host, HostStore, HostValues } from "../hosts/host.ts";
import { Chat } from "./chat/chat.ts";
import { KeptChat } from "./chat/keptChat.ts";
import { LiveTexts } from "./chat/liveTexts.ts";
import { ScreenClock } from "./clock.ts";
import { type ConnectionPhase, phaseOf } from "./connection.ts";
import { Drafts } from "./drafts.ts";
import { pacedFrames } from "./frames.ts";
import { Permissions } from "./permissions.ts";
import { isErasure, Sessions } from "./sessions.ts";
import { closeNotifications } from "./shownNotifications.ts";

export type Device = Answer<"GET /api/devices/{id}">;

/** What there is only with a host: the client, and what it has told. */
export interface HostState {
  host: Host;
  client: DaylongClient;
  sessions: Sessions;
  permissions: Permissions;
  drafts: Drafts;
  /** The conversation of a session, which listens from its first call on. */
  chat(sessionId: string): Chat;
}

/** The page's state: the host it talks to, and how that stands. */
export class Daylong {
  readonly store: HostStore;
  readonly clock = new ScreenClock();
  readonly #current = signal<HostState | undefined>(undefined);
  readonly current = computed(() => this.#current.value);
  readonly #link = signal<{ state: LinkState; detail: string; since: number; wasConnected: boolean }>({
    state: "stopped",
    detail: "",
    since: Date.now(),
    wasConnected: false,
  });
  readonly #hasNetwork = signal(navigator.onLine);
  /** This page as the server knows it; `undefined` until it has said so. */
  readonly me = signal<Device | undefined>(undefined);
  /** The log is another one than the page knew: a backup was restored, or history was cut. */
  readonly wasReplaced = signal(false);
  /** Grows when conversations have to be read anew. */
  readonly logVersion = signal(0);
  readonly phase = computed<ConnectionPhase>(() => {
    const { state, since, wasConnected } = this.#link.value;
    const awayMs = Math.max(0, this.clock.now.value - since);
    return phaseOf({ link: state, wasConnected, awayMs, hasNetwork: this.#hasNetwork.value });
  });
  /** The reader steps through the sessions with keys: no field may take the next one. */
  isStepping = false;
  /** Why the server refuses this page, when it does. */
  readonly refusal = computed(() =>
    this.#link.value.state === "refused" ? this.#link.value.detail : undefined,
  );
  /** The time by the server's clock. */
  readonly now = computed(() => this.clock.now.value + (this.#current.value?.sessions.skewMs.value ?? 0));

  constructor(store: HostStore) {
    this.store = store;
    const network = () => {
      this.#hasNetwork.value = navigator.onLine;
      if (navigator.onLine) this.hurry();
    };
    addEventListener("online", network);
    addEventListener("offline", network);
    // A socket that slept is dead, whatever it says of itself.
    addEventListener("pageshow", () => this.hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.hurry();
      else this.#current.value?.client.sendInBackground();
    });
    addEventListener("pagehide", () => this.#current.value?.client.sendInBackground());
    effect(() => {
      const count = this.#current.value?.sessions.all.value.filter(({ unread }) => unread > 0).length ?? 0;
      document.title = count > 0 ? `(${count}) Daylong` : "Daylong";
    });
  }

  /** Talks to the host from now on. */
  async open(host: Host): Promise<void> {
    const url = host.addresses[0] ?? location.origin;
    const kept: HostValues = {
      get: (key) => this.store.get(host.hostId, key),
      set: (key, value) => this.store.set(host.hostId, key, value),
      remove: (key) => this.store.remove(host.hostId, key),
    };
    const client = new DaylongClient({ url, token: host.token, store: kept });
    const sessions = new Sessions(client, kept);
    await sessions.restore();
    const permissions = new Permissions(client);
    const chats = new Map<string, Chat>();
    const lives = new LiveTexts({ inNextFrame: pacedFrames() });
    let { epoch } = host;
    const chat = (sessionId: string): Chat => {
      const known = chats.get(sessionId);
      if (known) return known;
      const made = new Chat({
        client,
        sessionId,
        live: lives.of(sessionId),
        kept: new KeptChat(kept, epoch, sessionId),
      });
      chats.set(sessionId, made);
      return made;
    };
    const drafts = new Drafts(kept);
    this.#current.value = { host, client, sessions, permissions, drafts, chat };
    const erase = async (sessionId: string): Promise<void> => {
      chats.get(sessionId)?.end();
      chats.delete(sessionId);
      lives.erase(sessionId);
      for (const { clientMessageId, message } of await client.loadUnsent())
        if (message.sessionId === sessionId) client.withdraw(clientMessageId);
      await drafts.erase(sessionId);
      await KeptChat.erase(kept, sessionId);
      await closeNotifications(sessionId).catch(() => {});
    };
    client.onEvent((event) => {
      if (event.sessionId !== null && isErasure(event)) {
        const { sessionId } = event;
        sessions.hear(event);
        permissions.hear(event);
        // Rejected, the event is told again: it has to be gone before it is acknowledged.
        return erase(sessionId);
      }
      sessions.hear(event);
      permissions.hear(event);
      // The conversation keeps what was being written before it is forgotten here.
      if (event.sessionId !== null) chats.get(event.sessionId)?.hear(event);
      lives.hear(event);
    });
    client.onDelta((delta) => {
      lives.hearDelta(delta);
      chats.get(delta.sessionId)?.hearDelta();
    });
    client.onActivity((activity) => chats.get(activity.sessionId)?.hearActivity(activity));
    const read = () => Promise.all([sessions.read(), permissions.read()]);
    client.onGap(async (position) => {
      this.wasReplaced.value = position.epoch !== epoch;
      epoch = position.epoch;
      await this.store.saveHost({ ...host, epoch });
      // What they hold is of another log, or has a hole.
      chats.clear();
      this.logVersion.value += 1;
      await read();
    });
    client.onState((state, detail) => {
      const before = this.#link.value;
      const isOnline = state === "online";
      // Tries in between do not begin the span anew.
      const since = isOnline || before.state === "online" ? Date.now() : before.since;
      this.#link.value = { state, detail, since, wasConnected: before.wasConnected || isOnline };
      if (isOnline) {
        read().catch(() => {});
        this.#readMe(client).catch(() => {});
      }
    });
    client.start();
  }

  /** Ends the connection and forgets the host on this device. */
  async forget(hostId: string): Promise<void> {
    const current = this.#current.value;
    if (current?.host.hostId === hostId) {
      current.client.stop();
      current.sessions.stop();
      this.#current.value = undefined;
      this.me.value = undefined;
    }
    await this.store.removeHost(hostId);
  }

  hurry(): void {
    this.#current.value?.client.hurry();
  }

  async #readMe(client: DaylongClient): Promise<void> {
    this.me.value = await client.me();
  }
}
