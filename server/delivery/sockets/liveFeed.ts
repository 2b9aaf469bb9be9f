import type { LoggedEvent } from "../../domain/delivery/event.ts";
import { terminalTurnEvents } from "../../domain/delivery/event.ts";
import type { ActivityFrame, DeltaFrame } from "../../domain/delivery/frames.ts";
import type { LiveFeed } from "../../domain/ports.ts";
import type { Connections } from "./connections.ts";

interface Draft {
  turnId: string;
  text: string;
  /** Its message is on the way to the log. */
  isWhole: boolean;
}

/**
 * Feed of ephemeral frames (deltas and activity of running turns): from the process to the connections that are caught up,
 * past the database. The text so far is kept, because a device that comes back in the middle gets it as the first delta.
 */
export class DeltaFeed implements LiveFeed {
  readonly #connections: Connections;
  readonly #draftBySession = new Map<string, Draft>();
  readonly #listenersBySession = new Map<string, Set<(delta: DeltaFrame) => void>>();

  constructor({ connections }: { connections: Connections }) {
    this.#connections = connections;
  }

  delta(sessionId: string, turnId: string, text: string): void {
    if (text === "") return;
    const draft = this.#draftBySession.get(sessionId);
    const goesOn = draft !== undefined && draft.turnId === turnId && !draft.isWhole;
    const offset = goesOn ? draft.text.length : 0;
    if (goesOn) draft.text += text;
    else this.#draftBySession.set(sessionId, { turnId, text, isWhole: false });
    const frame: DeltaFrame = { type: "delta", sessionId, turnId, offset, text };
    this.#connections.broadcastEphemeral(frame);
    for (const listener of this.#listenersBySession.get(sessionId) ?? []) listener(frame);
  }

  /**
   * Calls back with each delta of a session, at first with the text so far of the one being written; the result
   * unsubscribes. A listener must not throw.
   */
  listen(sessionId: string, listener: (delta: DeltaFrame) => void): () => void {
    const listeners = this.#listenersBySession.get(sessionId) ?? new Set();
    this.#listenersBySession.set(sessionId, listeners.add(listener));
    const draft = this.drafts().find((delta) => delta.sessionId === sessionId);
    if (draft) listener(draft);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listenersBySession.delete(sessionId);
    };
  }

  flush(sessionId: string): void {
    this.#draftBySession.delete(sessionId);
  }

  finished(sessionId: string, turnId: string): void {
    const draft = this.#draftBySession.get(sessionId);
    if (draft?.turnId === turnId) draft.isWhole = true;
  }

  unfinished(sessionId: string, turnId: string): string | undefined {
    const draft = this.#draftBySession.get(sessionId);
    return draft?.turnId === turnId && !draft.isWhole ? draft.text : undefined;
  }

  activity(sessionId: string, turnId: string, activity: Parameters<LiveFeed["activity"]>[2]): void {
    const frame: ActivityFrame = { type: "activity", sessionId, turnId, ...activity };
    this.#connections.broadcastEphemeral(frame);
  }

  /** Forgets the unfinished text of a turn that has ended: it is not shown to devices that come later. */
  noteEvent(event: LoggedEvent): void {
    if (event.sessionId === null || !terminalTurnEvents.has(event.type)) return;
    if (this.#draftBySession.get(event.sessionId)?.turnId === event.turnId) this.flush(event.sessionId);
  }

  /** The texts being written now, each as a first delta; one that is too long for a frame in several. */
  drafts(): DeltaFrame[] {
    return [...this.#draftBySession].flatMap(([sessionId, { turnId, text }]) =>
      piecesOf(text).map(
        ({ offset, piece }): DeltaFrame => ({
          type: "delta",
          sessionId,
          turnId,
          offset,
          text: piece,
        }),
      ),
    );
  }
}

/** Units of a text in one frame: in JSON at most six bytes each, so that the frame is never cut. */
const mostPieceUnits = 150_000;

/** The text in pieces that fit into a frame, cut between characters. */
function piecesOf(text: string): Array<{ offset: number; piece: string }> {
  const pieces: Array<{ offset: number; piece: string }> = [];
  for (let offset = 0; offset < text.length; ) {
    const piece = text.slice(offset, offset + mostPieceUnits).replace(/[\uD800-\uDBFF]$/, "");
    pieces.push({ offset, piece });
    offset += piece.length;
  }
  return pieces;
}
