/** An event of Chromium's trace, as far as it is read here; times in microseconds. */
export interface TraceEvent {
  name: string;
  ph: string;
  ts: number;
  dur?: number;
  /** The processor's time of it: a computer that has much else to do makes a task longer by the clock, not by this. */
  tdur?: number;
  pid: number;
  tid: number;
  cat: string;
  args?: {
    name?: string;
    data?: { encodedDataLength?: number; documentLoaderURL?: string; isOutermostMainFrame?: boolean };
  };
}

/** A task beyond this is felt by whoever types or scrolls meanwhile. */
const longMs = 50;

export interface TaskFacts {
  /** Tasks of more than 50 ms of the processor's time, and the longest one. */
  longTasks: number;
  longestMs: number;
  /** The same by the clock: what other programs took is in it. */
  longByTheClock: number;
  busyMs: number;
}

export const categories = ["loading", "blink.user_timing", "devtools.timeline", "toplevel", "__metadata"];

/** A trace of one page: what its main thread did, and when what was marked happened. */
export class PageTrace {
  readonly #events: readonly TraceEvent[];
  readonly #main: { pid: number; tid: number };

  constructor(events: readonly TraceEvent[]) {
    this.#events = events;
    // Other renderers (of a spare, of a closed page) do nothing meanwhile.
    const mains = events.filter(
      ({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain",
    );
    const busyMs = ({ pid, tid }: TraceEvent) =>
      events.filter((event) => event.pid === pid && event.tid === tid).length;
    const [main] = mains.toSorted((a, b) => busyMs(b) - busyMs(a));
    if (main === undefined) throw new Error("The trace has no main thread of a page.");
    this.#main = main;
  }

  /** From the newest navigation to what is marked, or told by the browser under this name. */
  sinceNavigation(name: string): number {
    const started = this.#ofMain().findLast(
      (event) => event.name === "navigationStart" && event.args?.data?.documentLoaderURL !== "about:blank",
    );
    return this.#ms(
      started,
      this.#ofMain().findLast((event) => event.name === name),
    );
  }

  between(first: string, second: string): number {
    const one = (name: string) => this.#ofMain().findLast((event) => event.name === name && event.ph !== "M");
    return this.#ms(one(first), one(second));
  }

  /** What came over the network, compressed as it came, headers included. */
  encodedBytes(): number {
    return this.#ofMain()
      .filter(({ name }) => name === "ResourceFinish")
      .reduce((sum, { args }) => sum + (args?.data?.encodedDataLength ?? 0), 0);
  }

  /** How long the tasks held the main thread. */
  tasks(): TaskFacts {
    const tasks = this.#ofMain().filter(({ name, ph }) => ph === "X" && /RunTask$/.test(name));
    const cpuMs = tasks.map(({ tdur = 0 }) => tdur / 1_000);
    return {
      longTasks: cpuMs.filter((ms) => ms > longMs).length,
      longestMs: Math.round(Math.max(0, ...cpuMs)),
      longByTheClock: tasks.filter(({ dur = 0 }) => dur / 1_000 > longMs).length,
      busyMs: Math.round(cpuMs.reduce((sum, ms) => sum + ms, 0)),
    };
  }

  durationMs(): number {
    const times = this.#ofMain()
      .filter(({ ts }) => ts > 0)
      .map(({ ts }) => ts);
    return (times.reduce((a, b) => Math.max(a, b)) - times.reduce((a, b) => Math.min(a, b))) / 1_000;
  }

  #ofMain(): TraceEvent[] {
    return this.#events.filter(({ pid, tid }) => pid === this.#main.pid && tid === this.#main.tid);
  }

  #ms(from: TraceEvent | undefined, to: TraceEvent | undefined): number {
    return from === undefined || to === undefined ? Number.NaN : (to.ts - from.ts) / 1_000;
  }
}
