import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import type { AttachmentStorage, PreparedAttachments } from "../../domain/sessions/attachment.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import { setWorkState } from "../state/workState.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";

/** A prompt that Claude left for itself must not pass for the words of the owner. */
const wakeupNote =
  "The text below was not typed by the user: it is the prompt of a wake-up that you scheduled.";

export interface PromptSenderParts {
  store: Store;
  clock: Clock;
  log: Log;
  registry: ProcessRegistry;
  turnWriter: TurnWriter;
  permissions: Pick<PermissionRequests, "expireTurn">;
  attachments: Pick<AttachmentStorage, "prepare">;
  /** Throws when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A process became free. */
  advance(): void;
}

/**
 * Sender of prompts to processes. The prompt of a message without files is written in the tick of its commit. A message
 * with files begins its turn, its files are prepared (images read, files put into the project), and only then it is
 * marked as given: whatever happens before, it can run again without having had an effect.
 */
export class PromptSender {
  readonly #parts: PromptSenderParts;
  readonly #store: Store;

  constructor(parts: PromptSenderParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** Writes the prompt of a turn that is kept, marked as given and running, to its process. */
  give(turn: Turn, prepared?: PreparedAttachments): void {
    const sessionProcess = this.#parts.registry.get(turn.sessionId);
    if (sessionProcess?.process === undefined || sessionProcess.hasExited) return;
    const { turnId, message: text } = turn;
    if (sessionProcess.phase === "idle") sessionProcess.assign(turnId, turn.origin);
    const about = turn.origin === "schedule" ? wakeupNote : undefined;
    const words = [sessionProcess.markGiven(), prepared?.note, about].filter(Boolean);
    const preamble = words.length > 0 ? words.join("\n\n") : undefined;
    sessionProcess.process.send({
      turnId,
      text,
      preamble,
      images: prepared?.images ?? [],
    });
  }

  /** Begins a waiting turn on the idle process of its session. */
  run(turn: Turn): void {
    const { turnWriter, registry } = this.#parts;
    const hasFiles = turn.attachmentIds.length > 0;
    this.#store.transaction(
      () => turnWriter.begin(turn, !hasFiles),
      () => {
        if (!hasFiles) return this.give(turn);
        const sessionProcess = registry.get(turn.sessionId);
        if (sessionProcess) this.giveWithFiles(sessionProcess, turn);
      },
    );
  }

  /** Readies the files of a turn that runs and is not given, and gives it. */
  giveWithFiles(sessionProcess: SessionProcess, turn: Turn): void {
    const { attachments, checkProject } = this.#parts;
    if (sessionProcess.phase === "idle") sessionProcess.assign(turn.turnId, turn.origin);
    const ready = async () => {
      const projectPath = this.#store.sessions.get(turn.sessionId)?.projectPath ?? "";
      await checkProject(projectPath);
      return attachments.prepare(turn.attachmentIds, projectPath);
    };
    ready().then(
      (prepared) => this.#giveReady(sessionProcess, turn, prepared),
      (error: unknown) => this.#fail(sessionProcess, turn, error),
    );
  }

  #giveReady(sessionProcess: SessionProcess, turn: Turn, prepared: PreparedAttachments): void {
    const { clock, log } = this.#parts;
    if (!this.#isStillWanted(sessionProcess, turn)) return;
    try {
      this.#store.transaction(
        () => this.#store.turns.markGiven(turn.turnId, clock.now()),
        () => this.give(turn, prepared),
      );
    } catch (error) {
      // Nothing may be given that is not written down; the turn stays and the process goes.
      log.error("process.handover_failed", { sessionId: turn.sessionId, error: String(error) });
      void sessionProcess.stop("unwritten");
    }
  }

  #fail(sessionProcess: SessionProcess, turn: Turn, error: unknown): void {
    const { log, permissions, turnWriter } = this.#parts;
    const { sessionId, turnId } = turn;
    if (!this.#isStillWanted(sessionProcess, turn)) return;
    log.warn("attachments.not_ready", { sessionId, turnId, error });
    const failure: Failure =
      error instanceof DaylongError
        ? { code: error.code, detail: error.message }
        : { code: "attachment_failed", detail: "The message's files could not be read." };
    sessionProcess.writer.run(
      () =>
        this.#store.transaction(() => {
          permissions.expireTurn(sessionId, turnId);
          turnWriter.end(sessionId, turnId, { kind: "failed", failure }, true);
        }),
      () => {
        sessionProcess.dropTurn(turnId);
        this.#release(sessionProcess);
      },
    );
  }

  /** The turn may have been interrupted, the process stopped, while its files were readied. */
  #isStillWanted(sessionProcess: SessionProcess, turn: Turn): boolean {
    if (this.#parts.registry.get(turn.sessionId) !== sessionProcess || sessionProcess.phase !== "busy")
      return false;
    if (sessionProcess.turn?.turnId === turn.turnId) return true;
    this.#release(sessionProcess);
    return false;
  }

  /** The process has nothing to do after all. */
  #release(sessionProcess: SessionProcess): void {
    if (sessionProcess.phase !== "busy" || sessionProcess.turns.length > 0) return;
    const { sessionId } = sessionProcess;
    sessionProcess.writer.run(
      () => this.#store.transaction(() => setWorkState(this.#store, sessionId)),
      () => {
        if (sessionProcess.becomeIdle()) this.#parts.advance();
      },
    );
  }
}
