import { batch, computed, signal } from "@preact/signals";
import {
  type DaylongClient,
  type DaylongEvent,
  DaylongProblem,
  type Session,
} from "../../../client/src/index.ts";
import type { HostValues } from "../hosts/host.ts";
import { changedBy, isWorthAsking } from "./sessionChanges.ts";

/** A session is asked for again at most so often, however much happens in it. */
const askEveryMs = 1_500;
const listKey = "sessions";
/** Of the list; older ones come when they are asked for. */
const pageSize = 100;

const byId = (sessions: readonly Session[]): Map<string, Session> =>
  new Map(sessions.map((session) => [session.sessionId, session]));

/** The session is gone for good, with all that was said. */
export const isErasure = (event: DaylongEvent): boolean =>
  event.type === "session.closed" && event.data.erased === true;

/** The sessions of the server, kept up to date by its events. */
export class Sessions {
  readonly #client: DaylongClient;
  readonly #byId = signal<ReadonlyMap<string, Session>>(new Map());
  /** The list was read since the page was opened. */
  readonly isRead = signal(false);
  /** By how much the server's clock is ahead of this computer's. */
  readonly skewMs = signal(0);
  readonly all = computed(() => [...this.#byId.value.values()]);
  /** Where the older ones begin that were not read yet; `undefined`: there are none. */
  readonly nextBefore = signal<string | undefined>(undefined);
  readonly isReadingOlder = signal(false);
  #waiting = new Map<string, ReturnType<typeof setTimeout>>();
  /** Their ids are not used again: nothing has to be asked about them. */
  readonly #erased = new Set<string>();

  readonly #kept: HostValues;

  constructor(client: DaylongClient, kept: HostValues) {
    this.#client = client;
    this.#kept = kept;
  }

  /** Shows the list as it was last, until the server answers. */
  async restore(): Promise<void> {
    try {
      const kept = await this.#kept.get(listKey);
      if (!kept || this.isRead.value) return;
      const sessions = JSON.parse(kept) as Session[];
      this.#byId.value = byId(sessions);
    } catch {
      // The server will tell.
    }
  }

  get(sessionId: string): Session | undefined {
    return this.#byId.value.get(sessionId);
  }

  /** Reads the list anew: at the start, and when events are missing. */
  async read(): Promise<void> {
    const { sessions, nextBefore } = await this.#client.sessions({ limit: pageSize });
    const [first] = sessions;
    if (first) this.#heedClock(first);
    batch(() => {
      this.#byId.value = byId(sessions);
      this.nextBefore.value = nextBefore;
      this.isRead.value = true;
    });
    this.#keep(sessions);
  }

  /** Reads a page of the older ones. Rejects without a connection. */
  async readOlder(): Promise<void> {
    const before = this.nextBefore.value;
    if (before === undefined || this.isReadingOlder.value) return;
    this.isReadingOlder.value = true;
    try {
      const { sessions, nextBefore } = await this.#client.sessions({ limit: pageSize, before });
      // The list was read anew meanwhile: this page may leave a gap behind it.
      if (this.nextBefore.value !== before) return;
      batch(() => {
        this.#byId.value = new Map([...byId(sessions), ...this.#byId.value]);
        this.nextBefore.value = nextBefore;
      });
    } finally {
      this.isReadingOlder.value = false;
    }
  }

  /** Tells the server that the owner has read the session up to an event; no event says so to the devices. */
  async markRead(sessionId: string, seq: number): Promise<void> {
    await this.#client.session(sessionId).markRead(seq);
    const session = this.get(sessionId);
    if (session === undefined || seq <= session.readSeq) return;
    // What came after it is counted by the server.
    if (seq < session.lastSeq) this.#askSoon(sessionId);
    else this.put({ ...session, readSeq: seq, unread: 0 });
  }

  /** The session as the server sees it now; `undefined`: it has none such. */
  async ask(sessionId: string): Promise<Session | undefined> {
    if (this.#erased.has(sessionId)) return undefined;
    try {
      const session = await this.#client.session(sessionId).info();
      // It was erased while the answer was on its way.
      if (this.#erased.has(sessionId)) return undefined;
      this.#heedClock(session);
      this.put(session);
      return session;
    } catch (error) {
      if (!(error instanceof DaylongProblem) || error.status !== 404) throw error;
      this.#forget(sessionId);
      return undefined;
    }
  }

  put(session: Session): void {
    this.#byId.value = new Map(this.#byId.value).set(session.sessionId, session);
  }

  hear(event: DaylongEvent): void {
    const { sessionId } = event;
    if (sessionId === null) return;
    if (isErasure(event)) {
      this.#erased.add(sessionId);
      clearTimeout(this.#waiting.get(sessionId));
      this.#waiting.delete(sessionId);
      this.#forget(sessionId);
      return;
    }
    const session = this.get(sessionId);
    if (session) {
      const changed = changedBy(session, event);
      if (changed === session) return;
      this.put(changed);
    }
    if (!session || isWorthAsking(event)) this.#askSoon(sessionId);
  }

  stop(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting = new Map();
  }

  #askSoon(sessionId: string): void {
    if (this.#waiting.has(sessionId)) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(sessionId);
      // Offline the next connection reads the list.
      this.ask(sessionId).catch(() => {});
    }, askEveryMs);
    this.#waiting.set(sessionId, timer);
  }

  #forget(sessionId: string): void {
    if (!this.#byId.value.has(sessionId)) return;
    const rest = new Map(this.#byId.value);
    rest.delete(sessionId);
    this.#byId.value = rest;
    // What is kept has its title and last words.
    this.#keep([...rest.values()].slice(0, pageSize));
  }

  #keep(sessions: readonly Session[]): void {
    this.#kept.set(listKey, JSON.stringify(sessions)).catch(() => {});
  }

  #heedClock({ lease, timeRemainingMs }: Session): void {
    if (timeRemainingMs > 0) this.skewMs.value = lease.expiresAt - timeRemainingMs - Date.now();
  }
}
