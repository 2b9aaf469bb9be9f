import type { Clock, Durability } from "../domain/ports.ts";

/** The durability of a store whose commits are on the disk when they return. */
const alwaysDurable: Durability = { whenDurable: (tell) => tell() };

/**
 * The gate between a commit and everything that leaves the server and tells of it: frames, answers, pushes and the end of
 * a stream wait here until the commit would survive a power loss. Frames and callbacks pass in the order in which
 * they came. While no sync is outstanding the gate is open, and they pass in the same step.
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
   * Starts the work when everything committed by now is durable. After `deadlineMs` without the disk's confirmation it
   * resolves to the value that `late` makes, and the work is never started.
   */
  start<T>(work: () => Promise<T>, options: { clock: Clock; deadlineMs: number; late: () => T }): Promise<T> {
    const { clock, deadlineMs, late } = options;
    return new Promise((resolve, reject) => {
      let isStarted = false;
      let isLate = false;
      let disarm: (() => void) | undefined;
      this.#durability.whenDurable(() => {
        if (isLate) return;
        isStarted = true;
        disarm?.();
        work().then(resolve, reject);
      });
      if (isStarted) return;
      disarm = clock.after(deadlineMs, () => {
        isLate = true;
        resolve(late());
      });
    });
  }

  /** The queue of one connection's frames. */
  frameQueue(connection: FrameTaker): FrameQueue {
    return new FrameQueue(this.#durability, connection);
  }
}

/** A connection, as its queue needs it. */
export interface FrameTaker {
  send(text: string): void;
}

/**
 * The queue of one connection's frames that wait for the disk.
 *
 * A frame that tells of a commit waits for that commit. The ephemeral frames of a turn (deltas, activity) tell of no commit
 * and do not wait, except where they follow on a waiting frame of their own turn (the first delta says that the turn was
 * accepted, and a text must not come before the end of the text before it), or on the welcome and the history of a
 * connection that has just caught up.
 */
export class FrameQueue {
  readonly #durability: Durability;
  readonly #connection: FrameTaker;
  /** By turn, for each of its waiting frames in order: the ephemeral frames that follow on it. Made when it is needed first. */
  #ephemeralByTurn: Map<string, string[][]> | undefined;
  /** Ephemeral frames that follow on the welcome and the history, as long as these wait. */
  #ephemeralAfterHistory: string[] | undefined;
  #heldChars = 0;
  #isClosed = false;

  constructor(durability: Durability, connection: FrameTaker) {
    this.#durability = durability;
    this.#connection = connection;
  }

  /** Characters of the frames that wait. */
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
      this.#connection.send(text);
      return;
    }
    isHeld = true;
    this.#heldChars += text.length;
    if (turnId === undefined) return;
    this.#ephemeralByTurn ??= new Map();
    const ephemeral = this.#ephemeralByTurn.get(turnId);
    if (ephemeral) ephemeral.push([]);
    else this.#ephemeralByTurn.set(turnId, [[]]);
  }

  /** Writes an ephemeral frame of a turn: at once, or after the waiting frame that it follows on. */
  sendEphemeral(text: string, turnId: string): void {
    const held = this.#ephemeralByTurn?.get(turnId)?.at(-1) ?? this.#ephemeralAfterHistory;
    if (held === undefined) {
      this.#connection.send(text);
      return;
    }
    this.#heldChars += text.length;
    held.push(text);
  }

  /** The history has been sent: ephemeral frames may come from now on, after the part of the history that still waits. */
  endHistory(): void {
    if (this.#heldChars === 0) return;
    this.#ephemeralAfterHistory = [];
    this.#durability.whenDurable(() => {
      const held = this.#ephemeralAfterHistory ?? [];
      this.#ephemeralAfterHistory = undefined;
      for (const text of held) this.#writeHeld(text);
    });
  }

  /** The connection is gone: nothing is written any more. */
  close(): void {
    this.#isClosed = true;
  }

  #release(text: string, turnId: string | undefined): void {
    this.#writeHeld(text);
    if (turnId === undefined) return;
    const held = this.#ephemeralByTurn?.get(turnId) ?? [];
    const following = held.shift() ?? [];
    if (held.length === 0) this.#ephemeralByTurn?.delete(turnId);
    for (const frame of following) this.#writeHeld(frame);
  }

  #writeHeld(text: string): void {
    this.#heldChars -= text.length;
    if (!this.#isClosed) this.#connection.send(text);
  }
}
