import { type ReadonlySignal, signal } from "@preact/signals";

/** How often spans on the screen are drawn anew. */
const tickMs = 5_000;

/** The time on the screen: it moves in steps, and stands while nobody looks. */
export class ScreenClock {
  readonly #now = signal(Date.now());
  readonly now: ReadonlySignal<number> = this.#now;

  constructor() {
    const tick = () => {
      if (!document.hidden) this.#now.value = Date.now();
    };
    setInterval(tick, tickMs);
    document.addEventListener("visibilitychange", tick);
  }
}
