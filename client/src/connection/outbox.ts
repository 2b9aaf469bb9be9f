import { type ClientStopped, DaylongProblem } from "../errors.ts";
import type { Clock, KeptStore, Waiting } from "../ports.ts";
import { BackOff } from "./backOff.ts";
import type { Accepted, ClientFrame, Message, ServerFrame } from "./protocol.ts";

const queueKey = "outbox";
/** Refusals that pass by themselves. */
const passing = new Set([
  "pool_full",
  "device_queue_full",
  "shutting_down",
  "storage_failed",
  "rate_limited",
  "attachment_limit",
  "internal_error",
  "session_quarantined",
]);

/** A message that the server has not accepted yet. Its id makes any number of tries one message. */
export interface KeptMessage {
  clientMessageId: string;
  message: Message;
}

interface Entry extends KeptMessage {
  /** It would survive the program's end. */
  isStored: boolean;
  /** Of the frame that is on its way. */
  ref?: string;
  /** Waits after a refusal that passes. */
  cancelPause?: () => void;
  backOff: BackOff;
  settle?: { accepted(accepted: Accepted): void; refused(error: unknown): void };
  heard?: (accepted: Accepted) => void;
}

export interface OutboxParts {
  store: KeptStore;
  clock: Clock;
  random: () => number;
  send(frame: ClientFrame): boolean;
  /** Told when a message waits for a refusal to pass. */
  onWaiting?(waiting: Waiting): void;
}

/**
 * Messages on their way to the server: kept before they are sent, sent again on every new connection until they are
 * accepted or refused for good. Those of one session go one behind the other.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  #entries: Entry[] = [];
  #loaded: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #refs = 0;
  #isOnline = false;
  /** Why nothing is sent any more. */
  #end: ClientStopped | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** Messages wait for a connection from now on. */
  start(): void {
    this.#end = undefined;
    this.load().catch(() => {});
  }

  /** What an earlier run left unsent comes first. Rejects when the store cannot be read; the next call reads it again. */
  load(): Promise<void> {
    this.#loaded ??= this.#read().then(
      () => this.#flush(),
      (error: unknown) => {
        this.#loaded = undefined;
        throw error;
      },
    );
    return this.#loaded;
  }

  async #read(): Promise<void> {
    const kept = await this.#parts.store.get(queueKey);
    const earlier = kept ? (JSON.parse(kept) as KeptMessage[]) : [];
    this.#entries = [...earlier.map((one) => this.#entryOf(one)), ...this.#entries];
  }

  /** The messages that are not accepted yet, in their order. */
  get kept(): KeptMessage[] {
    return this.#entries.filter(({ isStored }) => isStored).map(bare);
  }

  /**
   * `stored` resolves when the message is kept, `accepted` when the server has accepted it, however long that takes; it
   * rejects when the server refuses it for good. `heard` is called before anything else that comes from the server is
   * looked at.
   */
  put(
    kept: KeptMessage,
    heard: (accepted: Accepted) => void,
  ): { stored: Promise<void>; accepted: Promise<Accepted> } {
    const entry: Entry = { ...this.#entryOf(kept), isStored: false, heard };
    const accepted = new Promise<Accepted>((accept, refuse) => {
      entry.settle = { accepted: accept, refused: refuse };
    });
    // It may be refused before anybody can wait for it.
    accepted.catch(() => {});
    const stored = this.load().then(() => this.#store(entry));
    stored.catch(entry.settle?.refused);
    return { stored, accepted };
  }

  /** Kept before it is sent: after a crash between the two it is sent again under the same id. */
  async #store(entry: Entry): Promise<void> {
    this.#entries.push(entry);
    try {
      await this.#write();
    } catch (error) {
      this.#entries = this.#entries.filter((one) => one !== entry);
      throw error;
    }
    entry.isStored = true;
    if (this.#end) this.#giveUp(entry, this.#end);
    else this.#flush();
  }

  online(): void {
    this.#isOnline = true;
    for (const entry of this.#entries) entry.ref = undefined;
    // The store may have been unreadable at the start.
    this.load().catch(() => {});
    this.#flush();
  }

  offline(): void {
    this.#isOnline = false;
  }

  /** What is kept stays kept; who waits for it hears that nobody sends it now. */
  stop(why: ClientStopped): void {
    this.#isOnline = false;
    this.#end = why;
    for (const entry of this.#entries) this.#giveUp(entry, why);
  }

  #giveUp(entry: Entry, why: ClientStopped): void {
    entry.cancelPause?.();
    entry.cancelPause = undefined;
    entry.settle?.refused(why);
    entry.settle = undefined;
  }

  /** True when the frame answered a message of this outbox. */
  hear(frame: ServerFrame): boolean {
    if (frame.type !== "accepted" && frame.type !== "error") return false;
    const entry = this.#entries.find(({ ref }) => ref !== undefined && ref === frame.ref);
    if (entry === undefined) return false;
    entry.ref = undefined;
    if (frame.type === "accepted") {
      this.#remove(entry);
      entry.heard?.(frame);
      entry.settle?.accepted(frame);
    } else if (passing.has(frame.code)) {
      const pauseMs = Math.max(frame.retryAfterMs ?? 0, entry.backOff.nextMs());
      const { code, detail } = frame;
      const { clientMessageId } = entry;
      this.#parts.onWaiting?.({ code, detail, retryAfterMs: pauseMs, clientMessageId });
      entry.cancelPause = this.#parts.clock.after(pauseMs, () => {
        entry.cancelPause = undefined;
        this.#flush();
      });
    } else {
      this.#remove(entry);
      entry.settle?.refused(new DaylongProblem(frame.code, 0, frame.detail));
    }
    this.#flush();
    return true;
  }

  /** Takes a message back that is not on its way. */
  withdraw(clientMessageId: string): boolean {
    const entry = this.#entries.find((one) => one.clientMessageId === clientMessageId);
    if (entry === undefined || (this.#isOnline && entry.ref !== undefined)) return false;
    entry.cancelPause?.();
    this.#remove(entry);
    entry.settle?.refused(
      new DaylongProblem("cancelled", 0, "The message was taken back before it was sent."),
    );
    this.#flush();
    return true;
  }

  /** The server has accepted the message by a request beside the socket. */
  heardElsewhere(clientMessageId: string, accepted: Accepted): void {
    const entry = this.#entries.find((one) => one.clientMessageId === clientMessageId);
    if (entry === undefined) return;
    entry.cancelPause?.();
    this.#remove(entry);
    entry.heard?.(accepted);
    entry.settle?.accepted(accepted);
    this.#flush();
  }

  #entryOf({ clientMessageId, message }: KeptMessage): Entry {
    return { clientMessageId, message, isStored: true, backOff: new BackOff(this.#parts.random) };
  }

  #flush(): void {
    if (!this.#isOnline) return;
    const busySessions = new Set<string>();
    for (const entry of this.#entries) {
      const { sessionId } = entry.message;
      const isBehind = sessionId !== undefined && busySessions.has(sessionId);
      if (sessionId !== undefined) busySessions.add(sessionId);
      if (isBehind || !entry.isStored || entry.ref !== undefined || entry.cancelPause !== undefined) continue;
      const ref = `m${++this.#refs}`;
      const { clientMessageId, message } = entry;
      if (!this.#parts.send({ type: "send", ref, clientMessageId, ...message })) return;
      entry.ref = ref;
    }
  }

  #remove(entry: Entry): void {
    this.#entries = this.#entries.filter((one) => one !== entry);
    // If it cannot be written now, the message is sent once more after a restart, and is found to be a duplicate.
    this.#write().catch(() => {});
  }

  #write(): Promise<void> {
    const next = this.#writing.then(async () =>
      this.#parts.store.set(queueKey, JSON.stringify(this.#entries.map(bare))),
    );
    this.#writing = next.catch(() => {});
    return next;
  }
}

const bare = ({ clientMessageId, message }: KeptMessage): KeptMessage => ({ clientMessageId, message });
