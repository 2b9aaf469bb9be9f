import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "@jest/globals";
import { type LoggedEvent, terminalTurnEvents } from "../../../server/domain/delivery/event.ts";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { LiveFeed, Log, Store } from "../../../server/domain/ports.ts";
import type { MentionStanding } from "../../../server/domain/prompts/judgePrompt.ts";
import type { AttachmentStorage } from "../../../server/domain/sessions/attachment.ts";
import type { PastConversation } from "../../../server/domain/sessions/history.ts";
import { InteractiveSessionPool } from "../../../server/pool/pool.ts";
import type { Accepted, SubmitRequest } from "../../../server/pool/port.ts";
import type { PoolLimits } from "../../../server/pool/state/limits.ts";
import { openDatabase } from "../../../server/store/database.ts";
import type { Connection } from "../../../server/store/statement.ts";
import { type OpenStore, storeOver } from "../../../server/store/store.ts";
import { ScriptedHost, type ScriptedProcess } from "../../support/claude/scriptedHost.ts";
import { ManualClock } from "../../support/manualClock.ts";

export const hourMs = 3_600_000;
export const minuteMs = 60_000;
export const owner = { deviceId: "phone", scope: "chat" as const };

export const limitsOf = (limits: Partial<PoolLimits> = {}): PoolLimits => ({
  maxConcurrentSessions: 3,
  maxQueuedTurns: 50,
  sessionTimeoutMs: 24 * hourMs,
  sessionWarningMs: 20 * hourMs,
  sessionFinalWarningMs: 30 * minuteMs,
  permissionTimeoutMs: 10 * minuteMs,
  sessionIdleMs: 0,
  conversationIdleMs: 0,
  drainMs: 5_000,
  // Seldom, so that a day of the clock has few timers.
  resourceSampleMs: 600_000,
  allowBypassPermissions: false,
  chatMayAcceptEdits: true,
  claudeModel: null,
  maxTotalMemoryBytes: Number.MAX_SAFE_INTEGER,
  maxMemoryPerSessionBytes: Number.MAX_SAFE_INTEGER,
  maxMemoryPerToolBytes: Number.MAX_SAFE_INTEGER,
  cpuUsageLimitPercent: 100,
  healthIntervalMs: 600_000,
  turnStallMs: 0,
  prewarmedProcesses: 0,
  interactive: true,
  ...limits,
});

/** A store whose commits fail on order, as on a full disk: the work was done, and all of it is taken back. */
class FullDisk {
  #plan: boolean[] = [];
  #open = false;
  failing = false;

  /** The next commits, in order: `true` fails. */
  plan(...failures: boolean[]): void {
    this.#plan = failures;
  }

  over(store: OpenStore): Store {
    return {
      ...store,
      transaction: <T>(work: () => T, committed?: (result: T) => void): T => {
        if (this.#open) return store.transaction(work, committed);
        return store.transaction(() => {
          this.#open = true;
          try {
            const result = work();
            const fails = this.#plan.shift() ?? this.failing;
            if (fails) throw new DaylongError("storage_failed", "The disk is full.");
            return result;
          } finally {
            this.#open = false;
          }
        }, committed);
      },
    };
  }
}

/** A pool over a real database file, with fake processes and a clock that stands. */
export class PoolRig {
  /** The branch of every project's repository; absent when the pool is opened: none is looked at. */
  branch: (() => string | undefined) | undefined;
  clock = new ManualClock();
  host = new ScriptedHost({ clock: this.clock });
  readonly disk = new FullDisk();
  readonly feed: string[] = [];
  /** What a process has begun to say in a turn and not finished. */
  readonly drafts = new Map<string, string>();
  readonly logged: string[] = [];
  /** Makes the pool's ids; a test that has to go the same way twice gives its own. */
  newId: () => string = randomUUID;
  /** Readies the files of a message. */
  /** How a mentioned path stands. */
  mention: (path: string) => Promise<MentionStanding> = async () => "absent";
  prepare: AttachmentStorage["prepare"] = async (ids) => ({ images: [], note: `files: ${ids.join(" ")}` });
  /** Directories that Claude may not work in any more. */
  readonly refusedProjects = new Map<string, Error>();
  /** Directories on a mount that is dead: what is asked of them is never answered. */
  readonly silentProjects = new Set<string>();
  readonly #folder = mkdtempSync(join(tmpdir(), "daylong-pool-"));
  /** Attachments that no message uses any more. */
  readonly letGo: string[] = [];
  /** Conversations in Claude's own transcripts, the latest first, whichever project is asked for. */
  kept: PastConversation[] = [];
  /** Sessions that were closed or expired, and whether a process of theirs was left then. */
  readonly over: string[] = [];
  /** Whether a wrong transition of a process is logged and ignored, as in the server, instead of thrown. */
  isProduction = false;
  /** Transitions of processes and sessions that are bugs of the pool; closing the rig fails with the first. */
  readonly wrongTransitions: string[] = [];
  /** Whether its hosts keep spares. */
  keepsSpares = false;
  #limits = limitsOf();
  #limitListeners: Array<() => void> = [];
  /** The database's own connection, for what only SQLite can do to us. */
  connection!: Connection;
  store!: OpenStore;
  pool!: InteractiveSessionPool;

  async open(limits: Partial<PoolLimits> = {}) {
    this.#limitListeners = [];
    this.#limits = limitsOf({ ...limits, onChange: (listener) => this.#limitListeners.push(listener) });
    if (this.keepsSpares) this.host.keepSpares(() => this.newId());
    const connection = openDatabase({ path: join(this.#folder, "daylong.db") });
    // What a power loss takes is tested with the store; here thousands of commits have to be quick.
    connection.pragma("synchronous = OFF");
    this.connection = connection;
    this.store = storeOver(connection, {
      clock: {
        now: () => this.clock.now(),
        monotonic: () => this.clock.monotonic(),
        after: () => () => undefined,
      },
      onWrongSessionChange: (wrong) => {
        this.wrongTransitions.push(JSON.stringify(wrong));
        throw new Error(`A wrong change of a session: ${JSON.stringify(wrong)}`);
      },
      onSubscriberError: (error) => {
        throw error;
      },
    });
    const note =
      (level: string): Log["info"] =>
      (event) =>
        this.logged.push(`${level} ${event}`);
    const feed: LiveFeed = {
      delta: (sessionId, turnId, text) => {
        this.feed.push(`delta ${sessionId} ${turnId} ${text}`);
        this.drafts.set(turnId, (this.drafts.get(turnId) ?? "") + text);
      },
      flush: (sessionId) => this.feed.push(`flush ${sessionId}`),
      finished: (_sessionId, turnId) => void this.drafts.delete(turnId),
      unfinished: (_sessionId, turnId) => this.drafts.get(turnId),
      activity: (_sessionId, turnId, activity) => this.feed.push(`${activity.kind} ${turnId}`),
    };
    this.pool = new InteractiveSessionPool({
      store: this.disk.over(this.store),
      host: this.host,
      history: { conversations: async () => this.kept },
      feed,
      clock: this.clock,
      log: { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") },
      limits: this.#limits,
      newId: () => this.newId(),
      onWrongTransition: this.isProduction
        ? undefined
        : (wrong) => {
            this.wrongTransitions.push(JSON.stringify(wrong));
            throw new Error(`A process of the pool made a wrong transition: ${JSON.stringify(wrong)}`);
          },
      attachments: {
        prepare: (ids, projectPath) => this.prepare(ids, projectPath),
        letGo: (ids) => void this.letGo.push(...ids),
      },
      gitBranch: this.branch && (async () => this.branch?.()),
      mentions: {
        standingOf: (_projectPath, path) => this.mention(path),
        standingInProject: (_projectPath, path) => this.mention(path),
        placeOf: async (_projectPath, path) =>
          (await this.mention(path)) === "forbidden" ? "forbidden" : "readable",
      },
      sessionOver: ({ sessionId }) => {
        const isLive = this.host.live().some((process) => process.spec.sessionId === sessionId);
        this.over.push(isLive ? `${sessionId} live` : sessionId);
      },
      checkProject: async (path) => {
        if (this.silentProjects.has(path)) await new Promise(() => {});
        const refusal = this.refusedProjects.get(path);
        if (refusal) throw refusal;
      },
    });
    return this.pool.start();
  }

  /** The owner changes limits while the pool runs. */
  async changeLimits(change: Partial<PoolLimits>): Promise<void> {
    Object.assign(this.#limits, change);
    for (const listener of this.#limitListeners) listener();
    await this.clock.settle();
  }

  /** The server is killed and started again: nothing of the first one acts or speaks any more. */
  restart(limits: Partial<PoolLimits> = this.#limits) {
    this.store.close();
    this.disk.plan();
    this.disk.failing = false;
    const { transcripts, written, outputFiles, script, watch } = this.host;
    this.clock = new ManualClock(this.clock.now());
    this.host = new ScriptedHost({ clock: this.clock });
    for (const sessionId of transcripts) this.host.transcripts.add(sessionId);
    for (const [messageId, reply] of written) this.host.written.set(messageId, reply);
    for (const [path, output] of outputFiles) this.host.outputFiles.set(path, output);
    this.host.script = script;
    this.host.watch = watch;
    return this.open(limits);
  }

  /** Stops the pool, helping processes that would keep it. */
  async close(): Promise<void> {
    if (this.store !== undefined) {
      this.disk.plan();
      this.disk.failing = false;
      this.host.script = undefined;
      this.host.manners.stop = "at-once";
      for (const start of [...this.host.starts]) start.fail();
      const stopped = this.pool.stop(0);
      await this.clock.settle();
      for (const process of this.host.live()) process.leave();
      // What waited for the disk is written when its next try comes.
      await this.clock.run(15_000);
      await stopped;
      this.store.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
    const [wrong] = this.wrongTransitions;
    if (wrong !== undefined) throw new Error(`The pool made a wrong transition: ${wrong}`);
  }

  submit(request: Partial<SubmitRequest> & { message: string }): Accepted {
    const place = request.sessionId === undefined ? { projectPath: "/projects/alpha" } : {};
    const accepted = this.pool.submit({ caller: owner, ...place, ...request });
    if (accepted instanceof Promise) throw new Error("The message changes its session first.");
    return accepted;
  }

  /** A session whose first message has been answered: idle, with a process. */
  async idleSession(): Promise<{ sessionId: string; process: ScriptedProcess }> {
    const { sessionId } = this.submit({ message: "Hello" });
    await this.clock.settle();
    const process = this.host.process(sessionId);
    process.reply("Hi.");
    await this.clock.settle();
    return { sessionId, process };
  }

  /** A session whose turn is running, its prompt given. */
  async busySession() {
    const { sessionId, turnId } = this.submit({ message: "Work" });
    await this.clock.settle();
    return { sessionId, turnId, process: this.host.process(sessionId) };
  }

  events(sessionId: string): LoggedEvent[] {
    return this.store.events.ofSession(sessionId, 0, 100_000);
  }

  types(sessionId: string): string[] {
    return this.events(sessionId).map((event) => event.type);
  }

  state(sessionId: string): string | undefined {
    return this.store.sessions.get(sessionId)?.state;
  }

  /** How a turn ended, as the log has it: each terminal event with its code. */
  ends(turnId: string): string[] {
    return this.store.events
      .after(0, 100_000)
      .filter((event) => event.turnId === turnId && terminalTurnEvents.has(event.type))
      .map((event) => ("code" in event.data ? `${event.type} ${event.data.code}` : event.type));
  }
}

/** A promise that the test settles. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
}

/** The code of the refusal that the work ends in. */
export async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DaylongError) return error.code;
    throw error;
  }
  return "none";
}

/** Gives each test a rig of its own and leaves nothing behind. The test opens it, with its limits. */
export function usePoolRig(): { current: PoolRig } {
  const holder = {} as { current: PoolRig };
  beforeEach(() => {
    holder.current = new PoolRig();
  });
  afterEach(() => holder.current.close());
  return holder;
}
