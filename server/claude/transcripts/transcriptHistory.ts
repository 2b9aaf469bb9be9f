import { Worker } from "node:worker_threads";
import { DaylongError } from "../../domain/errors.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type {
  ClaudeHistory,
  PastConversation,
  PastConversationPage,
  PastPage,
  ToolRecord,
} from "../../domain/sessions/history.ts";
import { claudeConfigDir } from "./transcriptFile.ts";
import type { HistoryAnswer, HistoryQuestion } from "./transcriptWorker.ts";

/** A transcript of 200 MB is read in some seconds; one that takes longer than this is given up. */
const answerDeadlineMs = 30_000;
/** The thread remembers what it has read; without a question for so long, it goes. */
const idleMs = 600_000;
/** Questions at once; a phone that asks for more has to wait. */
const mostQuestions = 20;
/** A transcript that does not fit ends the thread and not the server. */
const heapMb = 1_024;

export interface TranscriptHistoryParts {
  clock: Clock;
  log: Log;
  /** The CLI's environment: where it keeps its transcripts. */
  environment: Readonly<Record<string, string | undefined>>;
}

type Unasked<Q> = Q extends HistoryQuestion ? Omit<Q, "id"> : never;

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  cancelTimer(): void;
}

/** History of Claude's own transcripts, read in a worker thread that lives while there are requests. */
export class TranscriptHistory implements ClaudeHistory {
  readonly #parts: TranscriptHistoryParts;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #cancelIdle: (() => void) | undefined;
  #ids = 0;

  constructor(parts: TranscriptHistoryParts) {
    this.#parts = parts;
  }

  conversations(projectPath?: string, page?: PastConversationPage): Promise<PastConversation[]> {
    return this.#ask({ kind: "conversations", projectPath, page }) as Promise<PastConversation[]>;
  }

  messages(
    { sessionId, projectPath }: { sessionId: string; projectPath: string },
    before: string | undefined,
    limit: number,
  ): Promise<PastPage | undefined> {
    const question = { kind: "messages" as const, sessionId, projectPath, before, limit };
    return this.#ask(question) as Promise<PastPage | undefined>;
  }

  tool(
    { sessionId, projectPath }: { sessionId: string; projectPath: string },
    toolUseId: string,
  ): Promise<ToolRecord | undefined> {
    return this.#ask({ kind: "tool", sessionId, projectPath, toolUseId }) as Promise<ToolRecord | undefined>;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.#end(unavailable("The server is stopping."));
  }

  #ask(question: Unasked<HistoryQuestion>): Promise<unknown> {
    const { clock } = this.#parts;
    if (this.#pending.size >= mostQuestions)
      return Promise.reject(unavailable(`${this.#pending.size} questions about transcripts wait already.`));
    this.#ids += 1;
    const id = this.#ids;
    this.#cancelIdle?.();
    return new Promise((resolve, reject) => {
      const cancelTimer = clock.after(answerDeadlineMs, () => {
        this.#parts.log.warn("history.late", { kind: question.kind, deadlineMs: answerDeadlineMs });
        void this.#end(unavailable(`Claude's transcripts could not be read within ${answerDeadlineMs} ms.`));
      });
      this.#pending.set(id, { resolve, reject, cancelTimer });
      this.#thread().postMessage({ ...question, id });
    });
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./transcriptWorker.js", import.meta.url), {
      env: {
        CLAUDE_CONFIG_DIR: claudeConfigDir(this.#parts.environment),
        HOME: this.#parts.environment.HOME,
        PATH: this.#parts.environment.PATH,
      },
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    worker.unref();
    worker.on("message", (answer: HistoryAnswer) => this.#take(answer));
    worker.on("error", (error) => {
      if (this.#worker !== worker) return;
      this.#parts.log.error("history.thread_failed", { error });
      void this.#end(unavailable("Claude's transcripts could not be read."));
    });
    this.#worker = worker;
    return worker;
  }

  #take(answer: HistoryAnswer): void {
    const pending = this.#pending.get(answer.id);
    if (pending === undefined) return;
    this.#pending.delete(answer.id);
    pending.cancelTimer();
    if ("fault" in answer) {
      this.#parts.log.warn("history.unreadable", { fault: answer.fault });
      pending.reject(unavailable("Claude's transcripts could not be read."));
    } else pending.resolve(answer.value);
    if (this.#pending.size > 0) return;
    this.#cancelIdle = this.#parts.clock.after(idleMs, () => void this.#end(unavailable("It was idle.")));
  }

  async #end(reason: DaylongError): Promise<void> {
    this.#cancelIdle?.();
    const worker = this.#worker;
    this.#worker = undefined;
    for (const pending of this.#pending.values()) {
      pending.cancelTimer();
      pending.reject(reason);
    }
    this.#pending.clear();
    await worker?.terminate();
  }
}

const unavailable = (detail: string): DaylongError =>
  new DaylongError("history_unavailable", detail, { retryAfterMs: 5_000 });
