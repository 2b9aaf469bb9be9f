import { createHash } from "node:crypto";
import type { NewEvent } from "../../domain/delivery/event.ts";
import type { Clock, LiveFeed, Log, Store } from "../../domain/ports.ts";
import type { FactSignal } from "../../domain/processes/factSignal.ts";
import { dailyUse, type ModelUse } from "../../domain/processes/usage.ts";
import {
  contextFill,
  type SessionCommand,
  type SessionFacts,
  todosAfter,
} from "../../domain/sessions/facts.ts";
import type { SessionProcess } from "../state/sessionProcess.ts";
import type { EventBuffer } from "./eventBuffer.ts";

/** A process tells its commands when it has come up, which is when the first turn must not wait for a commit. */
const commandsDelayMs = 2_000;
/**
 * A look at a branch reads a few files, in threads that the end of a turn needs for its commit, on cores that the CLI needs for
 * its own work at that moment: it comes when both are done.
 */
const branchDelayMs = 100;
const noticesAnHour = 10;
const hourMs = 3_600_000;

export interface FactWriterParts {
  store: Store;
  feed: LiveFeed;
  clock: Clock;
  buffer: EventBuffer;
  log: Log;
  /** The branch of a project's repository; rejects for a project that is not allowed any more. Default: there is none. */
  gitBranch?(projectPath: string): Promise<string | undefined>;
}

interface UnwrittenCommands {
  listId: string;
  commands: SessionCommand[];
  cancel(): void;
}

interface LiveFacts {
  facts: SessionFacts;
  /** The share of the context window that clients were told last; a turn that does not change it tells nothing. */
  toldPercent: number | undefined;
}

/**
 * Writer of the last known facts of sessions: the only one that changes them, in memory and in the store, and that tells
 * of their changes. What belongs to a turn goes through the event buffer and so shares the turn's own commits.
 */
export class FactWriter {
  readonly #parts: FactWriterParts;
  /** Facts of sessions that have a process. */
  readonly #live = new Map<string, LiveFacts>();
  /** Commands that were told and are not written yet. */
  readonly #unwrittenCommands = new Map<string, UnwrittenCommands>();
  /** Looks at branches that are to come, by session. */
  readonly #branchLooks = new Map<string, () => void>();
  #isStopped = false;
  /** Instants of each session's notices within the last hour. */
  readonly #noticesAt = new Map<string, number[]>();

  constructor(parts: FactWriterParts) {
    this.#parts = parts;
  }

  /** The facts as clients see them: what is committed, and the newest figures of the context window. */
  of(sessionId: string): SessionFacts {
    const facts = this.#parts.store.facts.get(sessionId);
    const context = this.#live.get(sessionId)?.facts.context;
    return context === undefined ? facts : { ...facts, context };
  }

  /** The commands that the session's process told last; none when no process has ever told any. */
  commands(sessionId: string): SessionCommand[] {
    const unwritten = this.#unwrittenCommands.get(sessionId);
    if (unwritten !== undefined) return unwritten.commands;
    const { commandListId } = this.of(sessionId);
    return commandListId === undefined ? [] : this.#parts.store.facts.commands(commandListId);
  }

  take(sessionProcess: SessionProcess, signal: FactSignal): void {
    const { sessionId } = sessionProcess;
    switch (signal.kind) {
      case "todos": {
        const before = this.#latest(sessionId).todos;
        const todos = todosAfter(before, signal.change);
        if (todos === before) return;
        this.#change(sessionProcess, { todos }, { sessionId, type: "todos.changed", data: { todos } });
        return;
      }
      case "commands":
        this.#noteCommands(sessionProcess, signal.commands);
        return;
      case "context":
        this.#noteContext(sessionProcess, signal.usedTokens, signal.windowTokens);
        return;
      case "compacting":
        this.#noteCompacting(sessionProcess, signal.isOn);
        return;
      case "compacted": {
        const { kind: _kind, ...data } = signal;
        this.#add(sessionProcess, { sessionId, type: "session.compacted", data });
        const { context } = this.#latest(sessionId);
        if (data.tokensAfter !== undefined && context !== undefined)
          this.#noteContext(sessionProcess, data.tokensAfter, context.windowTokens);
        return;
      }
      case "suggested":
        // A message has overtaken it.
        if (sessionProcess.activeTurn === undefined)
          this.#update(sessionProcess, { suggestedPrompts: signal.prompts });
        return;
      case "used":
        this.#addUse(sessionProcess, signal.models);
        return;
      case "notice":
        this.notify(sessionProcess, signal.text);
        return;
      // The outages' and the plan's, which are no facts of a session.
      case "retrying":
      case "plan":
        return;
    }
  }

  /**
   * Looks a moment later whether the project's branch is another one than before. What follows closely shares the look.
   */
  lookAtBranchSoon(sessionProcess: SessionProcess): void {
    const { clock, gitBranch } = this.#parts;
    const { sessionId } = sessionProcess;
    if (gitBranch === undefined || this.#isStopped || this.#branchLooks.has(sessionId)) return;
    const cancel = clock.after(branchDelayMs, () => {
      this.#branchLooks.delete(sessionId);
      void this.#lookAtBranch(sessionProcess, gitBranch);
    });
    this.#branchLooks.set(sessionId, cancel);
  }

  /** No more looks at branches. Idempotent. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#branchLooks.values()) cancel();
    this.#branchLooks.clear();
  }

  /** Never rejects. */
  async #lookAtBranch(
    sessionProcess: SessionProcess,
    branchOf: NonNullable<FactWriterParts["gitBranch"]>,
  ): Promise<void> {
    const { store, log } = this.#parts;
    const { sessionId } = sessionProcess;
    const projectPath = store.sessions.get(sessionId)?.projectPath;
    if (projectPath === undefined) return;
    try {
      const change = { gitBranch: (await branchOf(projectPath)) ?? null };
      if (change.gitBranch === (this.#latest(sessionId).gitBranch ?? null)) return;
      if (!sessionProcess.hasExited) return this.#update(sessionProcess, change);
      // A process that ends with its turn is gone by now; what it did to the branch is told all the same.
      store.transaction(
        () => {
          if (store.sessions.get(sessionId) === undefined) return;
          store.facts.set(sessionId, change);
          store.events.append({ sessionId, type: "session.updated", data: change });
        },
        () => this.#live.has(sessionId) && this.#note(sessionId, change),
      );
    } catch (error) {
      log.debug("session.branch_unknown", { sessionId, error: String(error) });
    }
  }

  /** Sends the owner a notice of Claude's. False: the session has sent too many, and nobody is told. */
  notify(sessionProcess: SessionProcess, text: string): boolean {
    const { sessionId } = sessionProcess;
    const now = this.#parts.clock.now();
    const recent = (this.#noticesAt.get(sessionId) ?? []).filter((at) => at > now - hourMs);
    if (recent.length >= noticesAnHour) return false;
    this.#noticesAt.set(sessionId, [...recent, now]);
    this.#add(sessionProcess, { sessionId, type: "notice", data: { text } });
    return true;
  }

  /** Keeps what a prompt beside the sessions' turns used. `turns`: 1 when somebody asked it, 0 when it is a recap. */
  addUseOf(projectPath: string, models: readonly ModelUse[], turns: 0 | 1): void {
    const { store, clock, log } = this.#parts;
    if (models.length === 0) return;
    try {
      store.transaction(() => store.usage.add(dailyUse(projectPath, models, { now: clock.now(), turns })));
    } catch (error) {
      // The figures are lost, the answer is not.
      log.error("usage.not_kept", { error: String(error) });
    }
  }

  /** Inside a transaction that keeps a message: what Claude proposed to say next is answered by it. */
  messageKept(sessionId: string, sessionProcess: SessionProcess | undefined): void {
    const { store, buffer } = this.#parts;
    if (this.#latest(sessionId).suggestedPrompts.length === 0) return;
    const change = { suggestedPrompts: [] };
    store.transaction(
      () => {
        // The proposal itself may still wait for its commit.
        if (sessionProcess !== undefined) buffer.write(sessionProcess);
        store.facts.set(sessionId, change);
        store.events.append({ sessionId, type: "session.updated", data: change });
      },
      () => this.#note(sessionId, change),
    );
  }

  /** Inside a transaction: the session's process is gone, and with it what was true of the process alone. */
  processGone(sessionId: string): void {
    const { store } = this.#parts;
    const live = this.#live.get(sessionId);
    this.#writeCommands(sessionId);
    if (live?.facts.context !== undefined) store.facts.set(sessionId, { context: live.facts.context });
    this.#live.delete(sessionId);
    this.#noticesAt.delete(sessionId);
    if (store.facts.get(sessionId).compacting || live?.facts.compacting === true)
      this.#endCompacting(sessionId);
  }

  /** Inside a transaction: after a run of the server that ended anyhow, nothing is being compacted. */
  recover(): void {
    for (const sessionId of this.#parts.store.facts.compacting()) this.#endCompacting(sessionId);
  }

  /** The facts as they will be when everything that waits for a commit is written. */
  #latest(sessionId: string): SessionFacts {
    return this.#live.get(sessionId)?.facts ?? this.#parts.store.facts.get(sessionId);
  }

  #endCompacting(sessionId: string): void {
    const { store } = this.#parts;
    store.facts.set(sessionId, { compacting: false });
    store.events.append({ sessionId, type: "session.updated", data: { compacting: false } });
  }

  #noteCommands(sessionProcess: SessionProcess, commands: SessionCommand[]): void {
    const { clock, buffer } = this.#parts;
    const { sessionId } = sessionProcess;
    const listId = createHash("sha256").update(JSON.stringify(commands)).digest("base64url");
    this.#unwrittenCommands.get(sessionId)?.cancel();
    this.#unwrittenCommands.delete(sessionId);
    if (this.#latest(sessionId).commandListId === listId) return;
    const cancel = clock.after(commandsDelayMs, () =>
      buffer.add(sessionProcess, () => this.#writeCommands(sessionId)),
    );
    this.#unwrittenCommands.set(sessionId, { listId, commands, cancel });
  }

  /** Inside a transaction. */
  #writeCommands(sessionId: string): void {
    const { store } = this.#parts;
    const unwritten = this.#unwrittenCommands.get(sessionId);
    if (unwritten === undefined) return;
    const { listId: commandListId, commands, cancel } = unwritten;
    cancel();
    store.transaction(
      () => {
        if (store.sessions.get(sessionId) === undefined) return;
        store.facts.keepCommands(commandListId, commands);
        store.facts.set(sessionId, { commandListId });
        store.events.append({ sessionId, type: "session.commands", data: {} });
      },
      () => {
        if (this.#unwrittenCommands.get(sessionId) === unwritten) this.#unwrittenCommands.delete(sessionId);
        if (this.#live.has(sessionId)) this.#note(sessionId, { commandListId });
      },
    );
  }

  #noteContext(sessionProcess: SessionProcess, usedTokens: number, windowTokens: number): void {
    const { sessionId } = sessionProcess;
    const context = contextFill(usedTokens, windowTokens);
    this.#note(sessionId, { context });
    const live = this.#live.get(sessionId);
    if (live === undefined || live.toldPercent === context.percent) return;
    live.toldPercent = context.percent;
    this.#update(sessionProcess, { context });
  }

  #noteCompacting(sessionProcess: SessionProcess, isOn: boolean): void {
    const { sessionId, activeTurn } = sessionProcess;
    if (this.#latest(sessionId).compacting === isOn) return;
    if (isOn && activeTurn !== undefined)
      this.#parts.feed.activity(sessionId, activeTurn.turnId, { kind: "compacting" });
    this.#update(sessionProcess, { compacting: isOn });
  }

  #addUse(sessionProcess: SessionProcess, models: readonly ModelUse[]): void {
    const { store, clock, buffer } = this.#parts;
    const { sessionId } = sessionProcess;
    const now = clock.now();
    buffer.add(sessionProcess, () => {
      const projectPath = store.sessions.get(sessionId)?.projectPath;
      if (projectPath !== undefined) store.usage.add(dailyUse(projectPath, models, { now, turns: 1 }));
    });
  }

  #update(
    sessionProcess: SessionProcess,
    change: Pick<Partial<SessionFacts>, "context" | "suggestedPrompts" | "compacting" | "gitBranch">,
  ): void {
    const { sessionId } = sessionProcess;
    this.#change(sessionProcess, change, { sessionId, type: "session.updated", data: change });
  }

  #change(sessionProcess: SessionProcess, change: Partial<SessionFacts>, event: NewEvent): void {
    const { store, buffer } = this.#parts;
    const { sessionId } = sessionProcess;
    this.#note(sessionId, change);
    buffer.add(sessionProcess, () => store.facts.set(sessionId, change));
    this.#add(sessionProcess, event);
  }

  #add(sessionProcess: SessionProcess, event: NewEvent): void {
    const turnId = sessionProcess.activeTurn?.turnId;
    this.#parts.buffer.add(sessionProcess, turnId === undefined ? event : { ...event, turnId });
  }

  #note(sessionId: string, change: Partial<SessionFacts>): void {
    const live = this.#live.get(sessionId);
    const facts = live?.facts ?? this.#parts.store.facts.get(sessionId);
    const toldPercent = live === undefined ? facts.context?.percent : live.toldPercent;
    this.#live.set(sessionId, { facts: { ...facts, ...change }, toldPercent });
  }
}
