import { DaylongError, type Failure } from "../../domain/errors.ts";
import type { Clock, Log, Store } from "../../domain/ports.ts";
import { makesCliReadAgain } from "../../domain/prompts/commands.ts";
import { contextLine } from "../../domain/prompts/contextFiles.ts";
import {
  interpretationsOf,
  type JudgedPrompt,
  judgePrompt,
  type MentionResolver,
} from "../../domain/prompts/judgePrompt.ts";
import { withoutMentions } from "../../domain/prompts/mentions.ts";
import type { AttachmentStorage, PreparedAttachments } from "../../domain/sessions/attachment.ts";
import type { Turn } from "../../domain/sessions/turn.ts";
import type { ProcessRegistry } from "../state/processRegistry.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import { setWorkState } from "../state/workState.ts";
import type { PermissionRequests } from "../turns/permissionRequests.ts";
import { needsPreparing } from "../turns/submitRules.ts";
import type { TurnWriter } from "../turns/turnWriter.ts";
import type { Handoffs } from "./handoffs.ts";

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
  mentions: MentionResolver;
  handoffs: Pick<Handoffs, "untold" | "told">;
  /** Throws when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A process became free. */
  advance(): void;
}

/** A prompt that is ready to be given: its files are in place, and what the CLI interprets in it is decided. */
interface Prepared {
  files: PreparedAttachments | undefined;
  judged: JudgedPrompt;
}

/**
 * Sender of prompts to processes. A prompt in which nothing has to be looked up is written in the tick of its commit. A
 * message with files, mentions or a command begins its turn, is prepared (images read, files put into the project, mentions
 * looked at), and only then it is marked as given: whatever happens before, it can run again without having had an effect.
 */
export class PromptSender {
  readonly #parts: PromptSenderParts;
  readonly #store: Store;

  constructor(parts: PromptSenderParts) {
    this.#parts = parts;
    this.#store = parts.store;
  }

  /** Writes the prompt of a turn that is kept, marked as given and running, to its process. */
  give(turn: Turn, prepared?: Prepared): void {
    const sessionProcess = this.#parts.registry.get(turn.sessionId);
    if (sessionProcess?.process === undefined || sessionProcess.hasExited) return;
    const { turnId, message } = turn;
    if (sessionProcess.phase === "idle") sessionProcess.assign(turnId, turn.origin);
    // What was said before is no message: nothing in it is looked up any more.
    const before = withoutMentions(sessionProcess.markGiven() ?? "");
    const { handoffs } = this.#parts;
    const apart = withoutMentions(handoffs.untold(turn.sessionId) ?? "");
    const about = turn.origin === "schedule" ? wakeupNote : undefined;
    const words = [before, apart, withoutMentions(prepared?.files?.note ?? ""), about].filter(Boolean);
    const preamble = words.length > 0 ? words.join("\n\n") : undefined;
    sessionProcess.process.send({
      turnId,
      text: prepared?.judged.text ?? message,
      preamble,
      images: prepared?.files?.images ?? [],
    });
    if (apart !== "") handoffs.told(turn.sessionId);
  }

  /** Begins a waiting turn on the idle process of its session. */
  run(turn: Turn): void {
    const { turnWriter, registry } = this.#parts;
    const isPrepared = !needsPreparing(turn);
    this.#store.transaction(
      () => turnWriter.begin(turn, isPrepared),
      () => {
        if (isPrepared) return this.give(turn);
        const sessionProcess = registry.get(turn.sessionId);
        if (sessionProcess) this.prepareAndGive(sessionProcess, turn);
      },
    );
  }

  /** Prepares a turn that runs and is not given, and gives it; a process that is not fit for it is replaced first. */
  prepareAndGive(sessionProcess: SessionProcess, turn: Turn): void {
    if (sessionProcess.phase === "idle") sessionProcess.assign(turn.turnId, turn.origin);
    this.#prepare(sessionProcess, turn).then(
      (prepared) => prepared && this.#giveReady(sessionProcess, turn, prepared),
      (error: unknown) => this.#fail(sessionProcess, turn, error),
    );
  }

  /** `undefined`: the process goes, and the turn is given to the next one. */
  async #prepare(sessionProcess: SessionProcess, turn: Turn): Promise<Prepared | undefined> {
    const { attachments, checkProject, mentions } = this.#parts;
    const { attachmentIds, message: text } = turn;
    const projectPath = this.#store.sessions.get(turn.sessionId)?.projectPath ?? "";
    await checkProject(projectPath);
    const { process } = sessionProcess;
    const staleReason = makesCliReadAgain(text) ? await process?.staleReason?.() : undefined;
    if (staleReason !== undefined) {
      if (!this.#isStillWanted(sessionProcess, turn)) return undefined;
      sessionProcess.recycleAfterTurn(staleReason);
      void sessionProcess.stop("recycled");
      return undefined;
    }
    const judged = await judgePrompt({ text, projectPath }, process?.commands, mentions);
    if (turn.contextFiles?.length) {
      // Judged by itself: nothing in the message can change what is a mention in it.
      const line = { text: contextLine(turn.contextFiles), projectPath };
      const context = await judgePrompt(line, undefined, mentions);
      judged.text += `\n\n${context.text}`;
      judged.mentioned.push(...context.mentioned);
      judged.plain.push(...context.plain);
    }
    const files =
      attachmentIds.length > 0 ? await attachments.prepare(attachmentIds, projectPath) : undefined;
    return { judged, files };
  }

  #giveReady(sessionProcess: SessionProcess, turn: Turn, prepared: Prepared): void {
    const { clock, log } = this.#parts;
    if (!this.#isStillWanted(sessionProcess, turn)) return;
    try {
      this.#store.transaction(
        () => {
          this.#store.turns.markGiven(turn.turnId, clock.now());
          const { sessionId: target, deviceId = "" } = turn;
          for (const entry of interpretationsOf(prepared.judged))
            this.#store.audit.add({ at: clock.now(), deviceId, target, ...entry });
        },
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
    log.warn("message.not_ready", { sessionId, turnId, error });
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
