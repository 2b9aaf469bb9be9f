/** Characters of events that all replays together read between two looks at the network: a few milliseconds. */
const charsAtOnce = 64 * 1024;
/** An event costs so much beside its text. */
const charsPerEvent = 300;

/**
 * Scheduler of the pages of replays. A replay asks for a turn before each page and says what the page took; what the network
 * brings is handled between two turns, however many replays run, and devices take turns, so that one with many sockets gets
 * no more of them than one with a single socket. Short pages share one turn.
 */
export class ReplayTurns {
  /** Replays that wait, by device; the device that is next comes first. */
  readonly #waiting = new Map<string, Array<() => void>>();
  #charsLeft = charsAtOnce;
  #isArmed = false;

  /** `undefined`: the page may be read at once; else a promise of the turn. */
  take(deviceId: string): Promise<void> | undefined {
    if (this.#charsLeft > 0 && this.#waiting.size === 0) return undefined;
    this.#arm();
    return new Promise((resolve) => {
      const own = this.#waiting.get(deviceId);
      if (own) own.push(resolve);
      else this.#waiting.set(deviceId, [resolve]);
    });
  }

  /** What was read in the turn. */
  spend(events: number, chars: number): void {
    this.#charsLeft -= chars + events * charsPerEvent;
    if (events > 0) this.#arm();
  }

  /** After the input and output that is ready has been handled. */
  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    setImmediate(() => {
      this.#isArmed = false;
      this.#charsLeft = charsAtOnce;
      this.#serveOne();
    });
  }

  #serveOne(): void {
    const [next] = this.#waiting;
    if (next === undefined) return;
    const [deviceId, own] = next;
    this.#waiting.delete(deviceId);
    own.shift()?.();
    // The map keeps the order in which devices came: this one goes to its end.
    if (own.length > 0) this.#waiting.set(deviceId, own);
    if (this.#waiting.size > 0) this.#arm();
  }
}
