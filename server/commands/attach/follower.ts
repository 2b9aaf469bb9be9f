import { setTimeout } from "node:timers/promises";
import type {
  DaylongClient,
  DaylongEvent,
  Delta,
  Session,
  SessionHandle,
} from "../../../client/src/index.ts";
import { History } from "./history.ts";
import { type Item, Transcript } from "./transcript.ts";

/** What is told of a conversation while it is followed. */
export interface FollowerSink {
  /** What was there before, as it is followed from now on. */
  began(past: readonly Item[]): void;
  /** Printed once, in order. `event`: what it was made from; its message may be known from deltas. */
  heard(items: readonly Item[], event: DaylongEvent): void;
  /** Words as they are spoken. */
  spoken(delta: Delta): void;
  /** Something else changed: what runs, what is open, the connection. */
  changed(): void;
}

const beginAgainMs = 1_000;
/** So many events of the past are shown when a session is joined. */
const shownPastEvents = 300;

/**
 * One conversation as it is followed by a client: its past, then every event and every word in the order in which they came.
 * Events go on by their cursor after each loss of the connection; a log that was replaced is begun anew.
 */
export class Follower {
  readonly #client: DaylongClient;
  readonly #handle: SessionHandle;
  readonly #deviceId: string;
  readonly #sink: FollowerSink;
  readonly #jobs: Array<() => void | Promise<void>> = [];
  #isRunning = false;
  #isStopped = false;
  #unsubscribes: Array<() => void> = [];
  transcript: Transcript;
  history: History;
  session: Session;

  constructor(client: DaylongClient, session: Session, deviceId: string, sink: FollowerSink) {
    this.#client = client;
    this.#handle = client.session(session.sessionId);
    this.#deviceId = deviceId;
    this.#sink = sink;
    this.session = session;
    this.transcript = new Transcript(deviceId);
    this.history = new History(client, session, deviceId);
  }

  /** Begins to follow; resolves when the past is known. The client has to be started, and connected. */
  async start(): Promise<void> {
    const { sessionId } = this.session;
    const client = this.#client;
    const begun = this.#enqueue(() => this.#begin(true));
    this.#unsubscribes = [
      client.onEvent((event) => {
        if (event.sessionId !== sessionId) return undefined;
        return this.#enqueue(() => this.#hear(event));
      }),
      client.onGap(() => this.#enqueue(() => this.#beginAnew())),
      client.onDelta((delta) => {
        if (delta.sessionId === sessionId) void this.#enqueue(() => this.#sink.spoken(delta));
      }),
      client.onActivity((activity) => {
        if (activity.sessionId !== sessionId) return;
        void this.#enqueue(() => {
          this.transcript.hearActivity(activity);
          this.#sink.changed();
        });
      }),
    ];
    await begun;
  }

  stop(): void {
    this.#isStopped = true;
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe();
  }

  async #begin(isFirst: boolean): Promise<void> {
    const [session, permissions] = await Promise.all([this.#handle.info(), this.#client.permissions()]);
    this.session = session;
    this.transcript = new Transcript(this.#deviceId);
    this.history = new History(this.#client, session, this.#deviceId);
    await this.history.loadEarlier();
    const past = this.history.events.slice(-shownPastEvents).flatMap((event) => this.transcript.hear(event));
    this.transcript.begin(session, permissions);
    this.#sink.began(isFirst && past.length === 0 ? this.history.items() : past);
  }

  /** The log was replaced. The server may be away again before it has said what it holds now: it is asked until it has. */
  async #beginAnew(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#begin(false);
        return;
      } catch {
        await setTimeout(beginAgainMs);
      }
    }
  }

  async #hear(event: DaylongEvent): Promise<void> {
    this.history.add(event);
    const items = await Promise.all(this.transcript.hear(event).map((item) => this.#whole(item)));
    if (/^session\.(?!commands)/.test(event.type)) this.#refresh();
    if (event.type === "permission.requested" && event.truncated === true)
      this.transcript.know(await this.#client.permission(event.data.permissionId));
    this.#sink.heard(items, event);
  }

  /** The frame of a very long text is cut: the whole of it is asked for. */
  async #whole(item: Item): Promise<Item> {
    if (item.kind !== "said" || !item.isCut) return item;
    const { text } = await this.#client.message(item.messageId).catch(() => item);
    return { ...item, text };
  }

  #refresh(): void {
    this.#handle.info().then(
      (session) => {
        this.session = session;
        this.#sink.changed();
      },
      // The next event asks again.
      () => {},
    );
  }

  /** Jobs run one after the other; the promise settles with the job. */
  #enqueue(job: () => void | Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(async () => {
        try {
          await job();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
    this.#isRunning = false;
  }
}
