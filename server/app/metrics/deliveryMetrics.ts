import { Counter, Gauge, type Registry } from "prom-client";
import type { DeliveryWatch } from "../../domain/delivery/deliveryWatch.ts";
import type { PushOutcome } from "../../domain/delivery/push.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import type { DeliveryFigures } from "../../http/dependencies.ts";
import { CommitInstants } from "./commitInstants.ts";
import { Latency } from "./latency.ts";
import { LossWatch } from "./lossWatch.ts";

/** Seconds: a frame leaves in the same step or after the disk's word; an ack after a phone's way there and back, or a night. */
const frameBuckets = [0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const ackBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300, 3_600, 43_200];
/** The grace for an ack (3 s unless the owner says otherwise) is a part of it. */
const pushBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 3.5, 4, 5, 10, 30, 60, 300, 3_600];
/** Deliveries that a second success would be noticed of. */
const mostSent = 5_000;

export interface DeliveryMetricsParts {
  store: Store;
  clock: Clock;
  registry: Registry;
}

/** Metrics of delivery: how long events take to those they are for, and what got lost or came twice on the way. */
export class DeliveryMetrics implements DeliveryWatch {
  readonly #commits: CommitInstants;
  readonly #firstFrame: Latency;
  readonly #ack: Latency;
  readonly #push: Latency;
  readonly #losses: LossWatch;
  readonly #unsubscribe: () => void;
  readonly #sent = new Set<string>();
  #repeatedFrames = 0;
  #repeatedPushes = 0;

  /** It has to hear of commits before the broadcaster does: make it first. */
  constructor({ store, clock, registry }: DeliveryMetricsParts) {
    this.#commits = new CommitInstants(clock);
    const registers = [registry];
    const events = new Counter({
      name: "daylong_events_total",
      help: "Events committed to the log, by type.",
      labelNames: ["type"],
      registers,
    });
    this.#unsubscribe = store.events.subscribe((committed) => {
      for (const { cursor, type } of committed) {
        this.#commits.note(cursor);
        events.inc({ type });
      }
    });
    this.#losses = new LossWatch({ store, clock });
    this.#firstFrame = new Latency({
      name: "daylong_event_first_frame_seconds",
      help: "Time from an event's commit to its frame on the first connection; the disk's confirmation is a part of it.",
      buckets: frameBuckets,
      registry,
    });
    this.#ack = new Latency({
      name: "daylong_event_ack_seconds",
      help: "Time from an event's commit to a device's ack of it; a device that was away acks late.",
      buckets: ackBuckets,
      registry,
    });
    this.#push = new Latency({
      name: "daylong_event_push_accepted_seconds",
      help: "Time from an event's commit to the push service's acceptance (Apple's 200); the grace for an ack is a part of it.",
      buckets: pushBuckets,
      registry,
    });
    this.#addLosses(registry);
  }

  stop(): void {
    this.#unsubscribe();
    this.#losses.stop();
  }

  written(cursor: number): void {
    const ms = this.#commits.sinceMs(cursor);
    if (ms !== undefined) this.#firstFrame.observe(ms);
  }

  repeated(): void {
    this.#repeatedFrames += 1;
  }

  acked(heldCursor: number, cursor: number): void {
    for (const one of this.#commits.between(heldCursor, cursor))
      this.#ack.observe(this.#commits.sinceMs(one) ?? 0);
  }

  /** What became of an attempt to push an event. */
  pushed(deliveryId: string, cursor: number, { outcome }: PushOutcome): void {
    if (outcome !== "sent") return;
    if (this.#sent.has(deliveryId)) this.#repeatedPushes += 1;
    this.#sent.add(deliveryId);
    const oldest = this.#sent.values().next();
    if (this.#sent.size > mostSent && !oldest.done) this.#sent.delete(oldest.value);
    const ms = this.#commits.sinceMs(cursor);
    if (ms !== undefined) this.#push.observe(ms);
  }

  /** The same figures for people. */
  view(): DeliveryFigures {
    return {
      firstFrame: this.#firstFrame.view(),
      ack: this.#ack.view(),
      pushAccepted: this.#push.view(),
      lostTurns: this.#losses.lostTurns(),
      twice: this.#twice(),
    };
  }

  #twice(): DeliveryFigures["twice"] {
    return {
      ends: this.#losses.endedTwice,
      frames: this.#repeatedFrames,
      pushes: this.#repeatedPushes,
    };
  }

  #addLosses(registry: Registry): void {
    const registers = [registry];
    const lostTurns = () => this.#losses.lostTurns();
    new Gauge({
      name: "daylong_turns_lost",
      help: "Accepted turns that nothing works on and whose end nobody was told. Should be zero.",
      registers,
      collect() {
        this.set(lostTurns());
      },
    });
    const twice = () => this.#twice();
    new Counter({
      name: "daylong_delivered_twice_total",
      help: "Ends of turns, frames on one connection and successful pushes that came a second time. Should be zero.",
      labelNames: ["what"],
      registers,
      collect() {
        this.reset();
        const { ends, frames, pushes } = twice();
        this.inc({ what: "end" }, ends);
        this.inc({ what: "frame" }, frames);
        this.inc({ what: "push" }, pushes);
      },
    });
  }
}
