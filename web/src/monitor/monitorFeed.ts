import { signal } from "@preact/signals";
import { type Answer, type DaylongClient, DaylongProblem } from "../../../client/src/index.ts";
import type {
  Active,
  AuditEntry,
  Delivery,
  Health,
  History,
  LifecycleEvent,
  Settings,
  Usage,
} from "./answers.ts";

/** What changes by itself is asked for so often; the server's samples come every five seconds. */
const liveEveryMs = 5_000;
const restEveryMs = 30_000;
/** After an event the logs are read again; events come in bursts. */
const settleMs = 700;
const shownDays = 30;
const logLength = 50;

/** What the monitor shows, asked for as long as somebody looks at it. */
export class MonitorFeed {
  readonly #client: DaylongClient;
  readonly #isAdmin: boolean;
  readonly active = signal<Active | undefined>(undefined);
  readonly health = signal<Health | undefined>(undefined);
  readonly history = signal<History | undefined>(undefined);
  readonly lifecycle = signal<readonly LifecycleEvent[]>([]);
  readonly deliveries = signal<readonly Delivery[]>([]);
  readonly usage = signal<Usage | undefined>(undefined);
  readonly settings = signal<Settings | undefined>(undefined);
  readonly audit = signal<readonly AuditEntry[]>([]);
  #timers: Array<ReturnType<typeof setInterval>> = [];
  #settling: ReturnType<typeof setTimeout> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor({ client, isAdmin }: { client: DaylongClient; isAdmin: boolean }) {
    this.#client = client;
    this.#isAdmin = isAdmin;
  }

  start(): void {
    const whenSeen = (work: () => Promise<void>) => () => {
      // Offline what was last known stays on the screen; the banner says how old it may be.
      if (!document.hidden) work().catch(() => {});
    };
    const readLive = whenSeen(() => this.readLive());
    const readRest = whenSeen(() => this.#readRest());
    this.#timers = [setInterval(readLive, liveEveryMs), setInterval(readRest, restEveryMs)];
    readLive();
    readRest();
    this.#unsubscribe = this.#client.onEvent(() => {
      this.#settling ??= setTimeout(() => {
        this.#settling = undefined;
        readLive();
        whenSeen(() => this.#readLogs())();
      }, settleMs);
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#settling);
    this.#unsubscribe?.();
  }

  async readLive(): Promise<void> {
    const { rest } = this.#client;
    const [active, history, health] = await Promise.all([
      rest.ask<Active>("GET", "/api/sessions/active"),
      rest.ask<History>("GET", "/api/metrics/history"),
      this.#health(),
    ]);
    this.active.value = active;
    this.history.value = history;
    this.health.value = health;
  }

  /** Rejects with the server's refusal; then nothing has changed. */
  async change(patch: Record<string, number | string | null>): Promise<void> {
    this.settings.value = await this.#client.rest.ask<Settings>("PATCH", "/api/settings", patch);
    await this.#readAudit();
  }

  async #readRest(): Promise<void> {
    const { rest } = this.#client;
    await this.#readLogs();
    this.usage.value = await this.#client.usage(shownDays);
    if (this.#isAdmin) this.settings.value = await rest.ask<Settings>("GET", "/api/settings");
  }

  async #readLogs(): Promise<void> {
    const { rest } = this.#client;
    const deliveries = this.#isAdmin ? "/api/deliveries" : "/api/devices/me/deliveries";
    const [lifecycle, pushes] = await Promise.all([
      rest.ask<Answer<"GET /api/lifecycle">>("GET", `/api/lifecycle?limit=${logLength}`),
      rest.ask<{ deliveries: Delivery[] }>("GET", `${deliveries}?limit=${logLength}`),
      this.#readAudit(),
    ]);
    this.lifecycle.value = lifecycle.events;
    this.deliveries.value = pushes.deliveries;
  }

  async #readAudit(): Promise<void> {
    if (!this.#isAdmin) return;
    const { entries } = await this.#client.rest.ask<Answer<"GET /api/audit">>(
      "GET",
      `/api/audit?limit=${logLength}`,
    );
    this.audit.value = entries;
  }

  /** A failing server says so with 503, and tells the same. */
  async #health(): Promise<Health> {
    try {
      return await this.#client.rest.ask<Health>("GET", "/health");
    } catch (error) {
      const told: unknown = error instanceof DaylongProblem ? error.problem : undefined;
      if (typeof told === "object" && told !== null && "checks" in told) return told as Health;
      throw error;
    }
  }
}
