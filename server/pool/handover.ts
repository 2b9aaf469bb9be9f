import { DaylongError, type Failure } from "../domain/errors.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { AttachmentStorage, PreparedAttachments } from "../domain/sessions/attachment.ts";
import type { Turn } from "../domain/sessions/turn.ts";
import type { Endings } from "./endings.ts";
import type { Incarnation } from "./incarnation.ts";
import type { Roster } from "./roster.ts";
import type { TurnClerk } from "./turnClerk.ts";

export interface HandoverParts {
  store: Store;
  clock: Clock;
  log: Log;
  roster: Roster;
  clerk: TurnClerk;
  endings: Endings;
  attachments: Pick<AttachmentStorage, "prepare">;
  /** Throws when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A process became free. */
  advance(): void;
}

/**
 * Gives prompts to processes. A message without files is written in the tick of its commit. One with files begins, has them
 * readied (images read, files put into the project), and is marked as given only then: whatever happens before, it can run
 * again without having had an effect.
 */
export class Handover {
  readonly #parts: HandoverParts;
  readonly #store: Store;

  constructor(parts: HandoverParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** Writes the prompt of a turn that is kept, marked as given and running, to its process. */
  give(turn: Turn, prepared?: PreparedAttachments): void {
    const incarnation = this.#parts.roster.get(turn.sessionId);
    if (incarnation?.process === undefined || incarnation.hasExited) return;
    const { turnId, message: text } = turn;
    incarnation.phase = "busy";
    incarnation.lastSignAt = this.#parts.clock.now();
    incarnation.turn = { turnId, messageId: turnId, isGiven: true };
    const words = [incarnation.preamble, prepared?.note].filter(Boolean);
    incarnation.preamble = undefined;
    const preamble = words.length > 0 ? words.join("\n\n") : undefined;
    incarnation.process.send({ turnId, messageId: turnId, text, preamble, images: prepared?.images ?? [] });
  }

  /** Begins a waiting turn on the idle process of its session. */
  run(turn: Turn): void {
    const { clerk, roster } = this.#parts;
    const hasFiles = turn.attachmentIds.length > 0;
    this.#store.transaction(
      () => clerk.begin(turn.sessionId, turn.turnId, !hasFiles),
      () => {
        if (!hasFiles) return this.give(turn);
        const incarnation = roster.get(turn.sessionId);
        if (incarnation) this.giveWithFiles(incarnation, turn);
      },
    );
  }

  /** Readies the files of a turn that runs and is not given, and gives it. */
  giveWithFiles(incarnation: Incarnation, turn: Turn): void {
    const { clock, attachments, checkProject } = this.#parts;
    incarnation.phase = "busy";
    incarnation.lastSignAt = clock.now();
    incarnation.turn = { turnId: turn.turnId, messageId: turn.turnId };
    const ready = async () => {
      const projectPath = this.#store.sessions.get(turn.sessionId)?.projectPath ?? "";
      await checkProject(projectPath);
      return attachments.prepare(turn.attachmentIds, projectPath);
    };
    ready().then(
      (prepared) => this.#giveReady(incarnation, turn, prepared),
      (error: unknown) => this.#fail(incarnation, turn, error),
    );
  }

  #giveReady(incarnation: Incarnation, turn: Turn, prepared: PreparedAttachments): void {
    const { clock, log, endings } = this.#parts;
    if (!this.#isStillWanted(incarnation, turn)) return;
    try {
      this.#store.transaction(
        () => this.#store.turns.markGiven(turn.turnId, clock.now()),
        () => this.give(turn, prepared),
      );
    } catch (error) {
      // Nothing may be given that is not written down; the turn stays and the process goes.
      log.error("process.handover_failed", { sessionId: turn.sessionId, error: String(error) });
      void endings.stopProcess(incarnation, "unwritten");
    }
  }

  #fail(incarnation: Incarnation, turn: Turn, error: unknown): void {
    const { log, clerk } = this.#parts;
    const { sessionId, turnId } = turn;
    if (!this.#isStillWanted(incarnation, turn)) return;
    log.warn("attachments.not_ready", { sessionId, turnId, error });
    const failure: Failure =
      error instanceof DaylongError
        ? { code: error.code, detail: error.message }
        : { code: "attachment_failed", detail: "The message's files could not be read." };
    incarnation.writer.run(
      () =>
        this.#store.transaction(() => void clerk.end(sessionId, turnId, { kind: "failed", failure }, "idle")),
      () => {
        if (incarnation.turn?.turnId === turnId) incarnation.turn = undefined;
        this.#release(incarnation);
      },
    );
  }

  /** The turn may have been interrupted, the process stopped, while its files were readied. */
  #isStillWanted(incarnation: Incarnation, turn: Turn): boolean {
    const isHere = this.#parts.roster.get(turn.sessionId) === incarnation && !incarnation.hasExited;
    if (!isHere || incarnation.phase !== "busy") return false;
    if (incarnation.turn?.turnId === turn.turnId) return true;
    this.#release(incarnation);
    return false;
  }

  /** The process has nothing to do after all. */
  #release(incarnation: Incarnation): void {
    if (incarnation.phase !== "busy" || incarnation.turn !== undefined) return;
    incarnation.phase = "idle";
    incarnation.idleSinceAt = this.#parts.clock.now();
    const { sessionId } = incarnation;
    incarnation.writer.run(
      () => {
        if (this.#store.sessions.get(sessionId)?.state === "busy")
          this.#store.transaction(() => this.#store.sessions.setState(sessionId, "idle"));
      },
      () => this.#parts.advance(),
    );
  }
}
