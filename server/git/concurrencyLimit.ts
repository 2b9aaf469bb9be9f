import { DaylongError } from "../domain/errors.ts";

/** How much may run and wait at once. */
export interface ConcurrencyBounds {
  /** Work that runs at once, for all devices. */
  running: number;
  /** Of these, for one device. */
  runningOfDevice: number;
  /** Work of one device that runs or waits; more is refused. */
  heldOfDevice: number;
}

interface Waiting {
  deviceId: string;
  begin: () => void;
}

/** A concurrency limit with a share for each device: work beyond it waits in the order of its arrival. */
export class ConcurrencyLimit {
  readonly #bounds: ConcurrencyBounds;
  readonly #running = new Map<string, number>();
  readonly #held = new Map<string, number>();
  #waiting: Waiting[] = [];

  constructor(bounds: ConcurrencyBounds) {
    this.#bounds = bounds;
  }

  /**
   * Runs the work when there is a place for it; the place is free again when the work has settled. Rejects with `rate_limited`,
   * and with the signal's reason when it aborts before the work began.
   */
  async run<T>(deviceId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if ((this.#held.get(deviceId) ?? 0) >= this.#bounds.heldOfDevice) {
      throw new DaylongError("rate_limited", "This device reads too many repositories at once.", {
        retryAfterMs: 1_000,
      });
    }
    add(this.#held, deviceId, 1);
    try {
      await this.#place(deviceId, signal);
      try {
        return await work();
      } finally {
        add(this.#running, deviceId, -1);
        this.#advance();
      }
    } finally {
      add(this.#held, deviceId, -1);
    }
  }

  #place(deviceId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        deviceId,
        begin: () => {
          signal.removeEventListener("abort", leave);
          add(this.#running, deviceId, 1);
          resolve();
        },
      };
      const leave = () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
        reject(signal.reason);
      };
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#advance();
    });
  }

  #advance(): void {
    const { running, runningOfDevice } = this.#bounds;
    for (const waiting of [...this.#waiting]) {
      if (sum(this.#running) >= running) return;
      if ((this.#running.get(waiting.deviceId) ?? 0) >= runningOfDevice) continue;
      this.#waiting = this.#waiting.filter((one) => one !== waiting);
      waiting.begin();
    }
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}

const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((all, one) => all + one, 0);
