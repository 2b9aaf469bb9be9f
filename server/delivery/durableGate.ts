import type { Clock, Durability } from "../domain/ports.ts";

/** The durability of a store whose commits are on the disk when they return. */
const alwaysDurable: Durability = { whenDurable: (tell) => tell() };

/**
 * The gate between a commit and everything that leaves the server and tells of it: frames, answers, pushes and the end of
 * a stream wait here until the commit would survive a power loss. Work passes in the order in which it came. While the disk
 * owes nothing the gate is open, and what passes it passes in the same step.
 */
export class DurableGate implements Durability {
  readonly #durability: Durability;

  /** Without a durability the gate is always open. */
  constructor(durability: Durability = alwaysDurable) {
    this.#durability = durability;
  }

  whenDurable(tell: () => void): void {
    this.#durability.whenDurable(tell);
  }

  /** Resolves when everything committed by now is durable. */
  durable(): Promise<void> {
    return new Promise((resolve) => this.#durability.whenDurable(resolve));
  }

  /**
   * Starts the work when everything committed by now is durable. After `deadlineMs` without the disk's word it resolves
   * to what `late` makes, and the work is never started.
   */
  start<T>(work: () => Promise<T>, options: { clock: Clock; deadlineMs: number; late: () => T }): Promise<T> {
    const { clock, deadlineMs, late } = options;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const disarm = clock.after(deadlineMs, () => {
        isLate = true;
        resolve(late());
      });
      this.#durability.whenDurable(() => {
        if (isLate) return;
        disarm();
        work().then(resolve, reject);
      });
    });
  }

  /** The queue of one connection, whose frames are written by `write`. */
  frameQueue(write: (text: string) => void): FrameQueue {
    return new FrameQueue(this.#durability, write);
  }
}

/**
 * The queue of one connection's frames that wait for the disk.
 *
 * A frame that tells of a commit waits for that commit. The words of a turn tell of nothing kept and wait for no disk,
 * except where they follow on a waiting frame of their own turn (the first words say that the turn was accepted, a text
 * comes after the one before), or on the welcome and the history of a connection that has just caught up.
 */
export class FrameQueue {
  readonly #durability: Durability;
  readonly #write: (text: string) => void;
  /** For each frame about a turn that waits, in order: the turn's words that follow on it. */
  readonly #wordsByTurn = new Map<string, string[][]>();
  /** Words that follow on the welcome and the history, while those wait. */
  #wordsAfterHistory: string[] | undefined;
  #heldChars = 0;
  #isClosed = false;

  constructor(durability: Durability, write: (text: string) => void) {
    this.#durability = durability;
    this.#write = write;
  }

  /** Length of what waits. */
  get heldChars(): number {
    return this.#heldChars;
  }

  /** Writes a frame as soon as everything committed by now is durable. `turnId`: the turn that it is about. */
  send(text: string, turnId: string | undefined): void {
    let isHeld = false;
    let isDurable = false;
    this.#durability.whenDurable(() => {
      isDurable = true;
      if (isHeld) this.#release(text, turnId);
    });
    if (isDurable) {
      this.#write(text);
      return;
    }
    isHeld = true;
    this.#heldChars += text.length;
    if (turnId === undefined) return;
    const words = this.#wordsByTurn.get(turnId);
    if (words) words.push([]);
    else this.#wordsByTurn.set(turnId, [[]]);
  }

  /** Writes words of a turn: at once, or after the waiting frame that they follow on. */
  sendEphemeral(text: string, turnId: string): void {
    const words = this.#wordsByTurn.get(turnId)?.at(-1) ?? this.#wordsAfterHistory;
    if (words === undefined) {
      this.#write(text);
      return;
    }
    this.#heldChars += text.length;
    words.push(text);
  }

  /** The history has been sent: words come from now on, and follow on what of it still waits. */
  endHistory(): void {
    if (this.#heldChars === 0) return;
    this.#wordsAfterHistory = [];
    this.#durability.whenDurable(() => {
      const words = this.#wordsAfterHistory ?? [];
      this.#wordsAfterHistory = undefined;
      for (const text of words) this.#writeHeld(text);
    });
  }

  /** The connection is gone: nothing is written any more. */
  close(): void {
    this.#isClosed = true;
  }

  #release(text: string, turnId: string | undefined): void {
    this.#writeHeld(text);
    if (turnId === undefined) return;
    const held = this.#wordsByTurn.get(turnId) ?? [];
    const words = held.shift() ?? [];
    if (held.length === 0) this.#wordsByTurn.delete(turnId);
    for (const word of words) this.#writeHeld(word);
  }

  #writeHeld(text: string): void {
    this.#heldChars -= text.length;
    if (!this.#isClosed) this.#write(text);
  }
}
