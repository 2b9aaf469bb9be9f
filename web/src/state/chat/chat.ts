import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import {
  type Activity,
  type DaylongClient,
  type DaylongEvent,
  DaylongProblem,
  newMessageId,
} from "../../../../client/src/index.ts";
import { type PastMessage, rowsOfPast } from "./earlier.ts";
import type { KeptChat } from "./keptChat.ts";
import { isFinished, type LiveText } from "./liveText.ts";
import { OpenParts } from "./openParts.ts";
import { type Outgoing, outgoingOf } from "./outgoing.ts";
import { type Row, rowsOf } from "./rows.ts";
import { Transcript, wordsKey } from "./transcript.ts";

/** Events that are read at once; older ones when the reader gets there. */
const firstPage = 250;
const olderPage = 500;

/** What goes with a message. */
export interface Attached {
  attachmentId: string;
  name: string;
}

export interface ChatParts {
  client: DaylongClient;
  sessionId: string;
  /** The text that is being written, as the connection tells it. */
  live: ReadonlySignal<LiveText | undefined>;
  /** Where what was read last is kept, to be shown before the server has answered. */
  kept: KeptChat;
}

/** The conversation of a session on the screen: its events, the words being written, and what waits to be sent. */
export class Chat {
  readonly sessionId: string;
  readonly #client: DaylongClient;
  readonly #kept: KeptChat;
  readonly #fileNames = new Map<string, readonly string[]>();
  #events: DaylongEvent[] = [];
  /** By turn, the text that was being written when the turn was cut off without it. */
  readonly #cutTexts = new Map<string, string>();
  #transcript = this.#newTranscript();
  readonly #version = signal(0);
  readonly #live: ReadonlySignal<LiveText | undefined>;
  readonly live = computed(() => {
    void this.#version.value;
    const live = this.#live.value;
    return live && isFinished(live, this.#transcript.settled) ? undefined : live;
  });
  readonly activity = signal<Activity | undefined>(undefined);
  readonly outgoing = signal<readonly Outgoing[]>([]);
  readonly openParts = new OpenParts();
  readonly isRead = signal(false);
  /** Grows with each message that is sent here. */
  readonly sentCount = signal(0);
  /** Grows when something else than typing has written the draft. */
  readonly draftVersion = signal(0);
  /** The last event that changed Claude's todos. */
  readonly todosSeq = signal(0);
  /** Why the conversation could not be read. */
  readonly fault = signal<string | undefined>(undefined);
  /** The lowest event that was read; 1: nothing is before it. */
  readonly #firstSeq = signal(1);
  readonly hasOlder = computed(() => this.#firstSeq.value > 1);
  readonly isReadingOlder = signal(false);

  /** What was said before the session began here. */
  readonly earlier = signal<readonly Row[]>([]);
  #hasAskedEarlier = false;
  readonly rows = computed<Row[]>(() => {
    void this.#version.value;
    return [...this.earlier.value, ...rowsOf(this.#transcript.settled)];
  });
  readonly waiting = computed(() => {
    void this.#version.value;
    return [...this.#transcript.waiting];
  });
  /** What the server has not told of yet. */
  readonly unsent = computed(() => {
    void this.#version.value;
    return this.outgoing.value.filter(({ key }) => !this.#transcript.hasSaid(key));
  });
  /** The row of the words being written has this key, and keeps it when they are finished. */
  readonly liveKey = computed(() => {
    void this.#version.value;
    const turnId = this.live.value?.turnId;
    return turnId === undefined ? undefined : wordsKey(turnId, this.#transcript.wordCount(turnId));
  });

  constructor({ client, sessionId, live, kept }: ChatParts) {
    this.#live = live;
    this.#client = client;
    this.sessionId = sessionId;
    this.#kept = kept;
    void this.#readUnsent();
    void this.#restore();
  }

  /** Shows what was read at an earlier visit, until the server answers, or while it does not. */
  async #restore(): Promise<void> {
    const events = await this.#kept.read();
    const [first] = events;
    if (first === undefined || this.#events.length > 0) return;
    batch(() => {
      this.#firstSeq.value = first.seq ?? 1;
      for (const event of events) this.#take(event);
      this.isRead.value = true;
    });
  }

  get lastSeq(): number {
    return this.#transcript.lastSeq;
  }

  /** Reads what is newest, from before the first event that the owner has not read. */
  async read({ lastSeq, readSeq }: { lastSeq: number; readSeq: number }): Promise<void> {
    try {
      const from = Math.max(
        0,
        Math.min(lastSeq - firstPage, Math.max(readSeq - 20, lastSeq - 4 * firstPage)),
      );
      const events = this.#events.length === 0 ? await this.#fetch(from) : await this.#fetch(this.lastSeq);
      batch(() => {
        if (this.#events.length === 0) this.#firstSeq.value = from + 1;
        for (const event of events) this.#take(event);
        this.isRead.value = true;
        this.fault.value = undefined;
      });
    } catch (error) {
      this.fault.value = error instanceof DaylongProblem ? error.message : "The server does not answer.";
    }
  }

  /** Reads a page of what was before. */
  async readOlder(): Promise<void> {
    const first = this.#firstSeq.value;
    if (first <= 1 || this.isReadingOlder.value) return;
    this.isReadingOlder.value = true;
    try {
      const from = Math.max(0, first - 1 - olderPage);
      const older = (await this.#fetch(from, first - 1 - from)).filter(({ seq }) => (seq ?? 0) < first);
      batch(() => {
        this.#firstSeq.value = from + 1;
        this.#events = [...older, ...this.#events];
        this.#transcript = this.#newTranscript();
        for (const event of this.#events) this.#transcript.hear(event);
        this.#version.value += 1;
      });
    } catch {
      // The reader asks again by scrolling.
    } finally {
      this.isReadingOlder.value = false;
    }
  }

  /** What the conversation holds from before its first event: all of it was read. */
  showBefore(rows: readonly Row[]): void {
    this.#hasAskedEarlier = true;
    this.earlier.value = rows.map((row) => ({ ...row, seq: 0 }));
  }

  /** The names of the files that went with a message of this page's; the server tells of their number only. */
  fileNames(key: string): readonly string[] | undefined {
    return this.#fileNames.get(key);
  }

  /** Reads what was said before the session began here, once; `past` gives it, the newest first. */
  async readEarlier(beganAt: number, past: () => Promise<readonly PastMessage[]>): Promise<void> {
    if (this.#hasAskedEarlier || this.hasOlder.value) return;
    this.#hasAskedEarlier = true;
    // A conversation that Claude does not keep has nothing to show.
    const messages = await past().catch(() => []);
    const rows = rowsOfPast(messages, beganAt);
    if (rows.length > 0) this.earlier.value = rows;
  }

  hear(event: DaylongEvent): void {
    // Before the first page is there, it will hold the event.
    if (!this.isRead.value) return;
    if ((event.seq ?? 0) > this.lastSeq + 1) {
      void this.read({ lastSeq: event.seq ?? 0, readSeq: this.lastSeq });
      return;
    }
    batch(() => this.#take(event));
  }

  /** Words are written: that is what Claude does. */
  hearDelta(): void {
    if (this.activity.value?.kind === "thinking" || this.activity.value?.kind === "retrying")
      this.activity.value = undefined;
  }

  hearActivity(activity: Activity): void {
    this.activity.value = activity;
  }

  /** Sends a message; it is on the screen at once. */
  send(text: string, attached: readonly Attached[]): void {
    const key = newMessageId();
    const attachments = attached.map(({ attachmentId }) => ({ attachmentId }));
    const names = attached.map(({ name }) => name);
    if (names.length > 0) this.#fileNames.set(key, names);
    this.outgoing.value = [
      ...this.outgoing.value,
      { key, text, attachments: names, at: Date.now(), state: "waiting" },
    ];
    this.sentCount.value += 1;
    const message = { message: text, sessionId: this.sessionId };
    const turn = this.#client.send(attached.length === 0 ? message : { ...message, attachments }, key);
    // The end of the turn is heard with the events.
    turn.reply().catch(() => {});
    turn.accepted.then(
      () => this.#changeOutgoing(key, { state: "accepted" }),
      (error: unknown) => {
        if (!(error instanceof DaylongProblem)) return;
        if (error.code === "cancelled") this.discard(key);
        else this.#changeOutgoing(key, { state: "refused", detail: error.message });
      },
    );
  }

  /** The last words of Claude's before a message; `undefined`: there are none, or they are not read yet. */
  wordsBefore(key: string): string | undefined {
    const entries = this.#transcript.settled;
    const at = entries.findIndex((entry) => entry.key === key);
    const words = entries
      .slice(0, Math.max(0, at))
      .findLast((entry) => entry.kind === "words" && entry.messageId !== "");
    return words?.kind === "words" ? words.messageId : undefined;
  }

  /** Takes back a message that was not sent. */
  discard(key: string): void {
    this.#client.withdraw(key);
    this.outgoing.value = this.outgoing.value.filter((one) => one.key !== key);
  }

  /** The session was erased: nothing of it stays in memory, and nothing is written any more. */
  end(): void {
    this.#kept.end();
    batch(() => {
      this.#fileNames.clear();
      this.#events = [];
      this.#cutTexts.clear();
      this.#transcript = this.#newTranscript();
      this.outgoing.value = [];
      this.earlier.value = [];
      this.activity.value = undefined;
      this.isRead.value = false;
      this.#version.value += 1;
    });
  }

  #changeOutgoing(key: string, change: Partial<Outgoing>): void {
    this.outgoing.value = this.outgoing.value.map((one) => (one.key === key ? { ...one, ...change } : one));
  }

  async #readUnsent(): Promise<void> {
    const kept = await this.#client.loadUnsent().catch(() => []);
    const known = new Set(this.outgoing.value.map(({ key }) => key));
    const mine = kept.filter(
      ({ clientMessageId, message }) => message.sessionId === this.sessionId && !known.has(clientMessageId),
    );
    this.outgoing.value = [...mine.map((one) => outgoingOf(one, Date.now())), ...this.outgoing.value];
  }

  async #fetch(after: number, limit = 1_000): Promise<DaylongEvent[]> {
    const events: DaylongEvent[] = [];
    let from = after;
    for (;;) {
      const page = await this.#client
        .session(this.sessionId)
        .eventsAfter(from, Math.min(1_000, limit - events.length));
      events.push(...page.events);
      const last = page.events.at(-1)?.seq;
      if (last === undefined || last === null || last >= page.lastSeq || events.length >= limit)
        return events;
      from = last;
    }
  }

  #newTranscript(): Transcript {
    return new Transcript((turnId) => this.#cutTexts.get(turnId));
  }

  #take(event: DaylongEvent): void {
    const { turnId } = event;
    if (turnId !== undefined && /^turn\.(interrupted|failed)$/.test(event.type)) {
      const live = this.live.value;
      if (live?.turnId === turnId && live.text !== "") this.#cutTexts.set(turnId, live.text);
    }
    if (!this.#transcript.hear(event)) return;
    this.#events.push(event);
    this.#kept.write(this.#events);
    this.#version.value += 1;
    if (event.type === "todos.changed") this.todosSeq.value = event.seq ?? 0;
    if (/^turn\.(completed|failed|interrupted)$|^tool\.finished$/.test(event.type))
      this.activity.value = undefined;
  }
}
