import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { PushOutcome, PushSender } from "../../domain/delivery/push.ts";
import type { Clock, Store } from "../../domain/ports.ts";
import { sessionStates } from "../../domain/sessions/session.ts";
import type { DeliveryFigures, SeenRequest, SessionMetrics } from "../../http/dependencies.ts";
import { DeliveryMetrics } from "./deliveryMetrics.ts";

/** The sources of figures that other parts keep. */
export interface MetricsSources {
  store: Store;
  /** The pool's present figures, and its counters since the start. */
  sessionMetrics(): SessionMetrics;
  /** Live sockets. */
  socketCount(): number;
}

/** Seconds; a turn takes from a tenth of a second (demo model) to half an hour. */
const turnBuckets = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800];
/** Seconds; on a healthy disk a commit takes a tenth of a millisecond, and the sync after it half a one. */
const commitBuckets = [0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1, 5];
const requestBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

/**
 * Prometheus metrics. Counters that other parts keep are read at each scrape; a measurement that is made here costs a
 * microsecond. Node's own figures (event loop, memory, garbage collection) are watched from the first
 * scrape on: a server without a scraper does not pay for them.
 */
export class Metrics {
  readonly #version: string;
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #commits: Histogram;
  readonly #syncs: Histogram;
  readonly #pushes: Counter;
  #deliveries: DeliveryMetrics | undefined;
  #unsubscribe = () => {};
  #watchesNode = false;

  constructor(parts: { version: string }) {
    this.#version = parts.version;
    const registers = [this.#registry];
    this.#requests = new Histogram({
      name: "daylong_http_request_duration_seconds",
      help: "Time from a request's headers to the end of its answer; long polls wait on purpose.",
      labelNames: ["method", "route", "status"],
      buckets: requestBuckets,
      registers,
    });
    this.#commits = new Histogram({
      name: "daylong_commit_duration_seconds",
      help: "Time a transaction's commit held the event loop.",
      buckets: commitBuckets,
      registers,
    });
    this.#syncs = new Histogram({
      name: "daylong_sync_duration_seconds",
      help: "Time the disk took to confirm what was committed; frames, answers and pushes wait for it.",
      buckets: commitBuckets,
      registers,
    });
    this.#pushes = new Counter({
      name: "daylong_push_attempts_total",
      help: "Attempts to push, by what became of them.",
      labelNames: ["kind", "outcome"],
      registers,
    });
  }

  /** Measures delivery from now on. Before the parts that deliver are made: it has to hear of commits first. */
  watchDelivery(parts: { store: Store; clock: Clock }): DeliveryMetrics {
    this.#deliveries = new DeliveryMetrics({
      store: parts.store,
      clock: parts.clock,
      registry: this.#registry,
    });
    return this.#deliveries;
  }

  /** The figures of delivery as they are now. */
  delivery(): DeliveryFigures {
    if (this.#deliveries === undefined) throw new Error("Delivery is not measured yet.");
    return this.#deliveries.view();
  }

  /** Shows from now on what these count. Once: the parts of the server that are measured here exist before those. */
  show(sources: MetricsSources): void {
    const registers = [this.#registry];
    const turns = new Histogram({
      name: "daylong_turn_duration_seconds",
      help: "Time Claude took for completed turns.",
      buckets: turnBuckets,
      registers,
    });
    this.#unsubscribe = sources.store.events.subscribe((events) => {
      for (const event of events) {
        if (event.type === "turn.completed") turns.observe(event.data.durationMs / 1_000);
      }
    });
    this.#addPoolFigures(sources);
    this.#addLifecycleFigures(sources);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as they are now. */
  text(): Promise<string> {
    if (!this.#watchesNode) {
      this.#watchesNode = true;
      collectDefaultMetrics({ register: this.#registry });
      // Sums of others of its figures, under names that are a counter's and no gauge's in Prometheus' conventions.
      for (const sum of ["handles", "requests", "resources"])
        this.#registry.removeSingleMetric(`nodejs_active_${sum}_total`);
    }
    return this.#registry.metrics();
  }

  observeRequest({ method, route, status, durationMs }: SeenRequest): void {
    this.#requests.observe({ method, route, status: String(status) }, durationMs / 1_000);
  }

  observeCommit(durationMs: number): void {
    this.#commits.observe(durationMs / 1_000);
  }

  observeSync(durationMs: number): void {
    this.#syncs.observe(durationMs / 1_000);
  }

  /** The sender, whose outcomes are counted. */
  counted(push: PushSender): PushSender {
    const count = (kind: string) => (outcome: PushOutcome) => {
      this.#pushes.inc({ kind, outcome: outcome.outcome });
      return outcome;
    };
    return {
      send: async (request) => {
        const outcome = count(request.content.kind)(await push.send(request));
        this.#deliveries?.pushed(request.deliveryId, request.content.cursor, outcome);
        return outcome;
      },
      sync: (request) => push.sync(request).then(count("sync")),
      activity: (request) => push.activity(request).then(count(`activity-${request.event}`)),
      health: (provider) => push.health(provider),
      stop: (graceMs) => push.stop(graceMs),
    };
  }

  stop(): void {
    this.#unsubscribe();
    this.#deliveries?.stop();
    this.#registry.clear();
  }

  #addPoolFigures({ store, sessionMetrics, socketCount }: MetricsSources): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge("daylong_processes", "Sessions that have a process.", () => sessionMetrics().totalSessions);
    gauge("daylong_processes_max", "Processes there may be.", () => sessionMetrics().maxSessions);
    gauge("daylong_spares", "Processes kept ready for new sessions.", () => sessionMetrics().spares);
    gauge("daylong_turns_queued", "Turns that wait.", () => sessionMetrics().queuedTurns);
    gauge(
      "daylong_pool_memory_bytes",
      "Memory of all process trees.",
      () => sessionMetrics().memoryUsageBytes,
    );
    gauge("daylong_pool_memory_limit_bytes", "What they may have.", () => sessionMetrics().memoryLimitBytes);
    gauge(
      "daylong_pool_cpu_percent",
      "CPU of all process trees; 100 is one core.",
      () => sessionMetrics().cpuPercent,
    );
    gauge("daylong_sockets", "Live WebSocket connections.", socketCount);
    gauge(
      "daylong_permissions_open",
      "Questions of Claude that wait for the owner.",
      () => store.permissions.open().length,
    );
    new Gauge({
      name: "daylong_sessions",
      help: "Sessions, by state.",
      labelNames: ["state"],
      registers,
      collect() {
        const counts = store.sessions.countByState();
        for (const state of sessionStates) this.set({ state }, counts.get(state) ?? 0);
      },
    });
    new Gauge({ name: "daylong_info", help: "The version.", labelNames: ["version"], registers }).set(
      { version: this.#version },
      1,
    );
  }

  #addLifecycleFigures({ sessionMetrics }: MetricsSources): void {
    const registers = [this.#registry];
    /** Counted elsewhere; this only shows it. */
    const counter = (
      name: string,
      help: string,
      label: string,
      read: (now: SessionMetrics) => Record<string, number>,
    ) =>
      new Counter({
        name,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset();
          for (const [value, count] of Object.entries(read(sessionMetrics())))
            this.inc({ [label]: value }, count);
        },
      });
    counter("daylong_turns_total", "Turns, by what became of them.", "event", (now) => now.turns);
    counter("daylong_process_starts_total", "Starts of processes.", "kind", (now) => now.starts);
    counter("daylong_parks_total", "Sessions parked.", "reason", (now) => now.parks);
    counter("daylong_renewals_total", "Leases renewed.", "reason", (now) => now.renewals);
    counter("daylong_warnings_total", "Warnings told.", "kind", (now) => now.warnings);
    counter("daylong_incidents_total", "What else happened to sessions and processes.", "kind", (now) => ({
      wake: now.wakes,
      recycle: now.recycles,
      crash: now.crashes,
      recovery: now.recoveries,
      quarantine: now.quarantines,
      expiry: now.expiries,
      limit: now.limits,
      login_required: now.loginsRequired,
    }));
  }
}
