import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/processes/process.ts";
import type { ContextFileResolver } from "../domain/prompts/contextFiles.ts";
import type { MentionResolver } from "../domain/prompts/judgePrompt.ts";
import type { AttachmentStorage } from "../domain/sessions/attachment.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import type { Session } from "../domain/sessions/session.ts";
import { HealthMonitor } from "./health/healthMonitor.ts";
import { Outages } from "./health/outages.ts";
import { PlanUsage } from "./health/planUsage.ts";
import { Retries } from "./health/retries.ts";
import { TurnTimeouts } from "./health/turnTimeouts.ts";
import { Capacity } from "./processes/capacity.ts";
import { ControlRequests } from "./processes/controlRequests.ts";
import { Handoffs } from "./processes/handoffs.ts";
import { Interrupts } from "./processes/interrupt.ts";
import { OneShots } from "./processes/oneShots.ts";
import { ProcessExits } from "./processes/processExit.ts";
import { PoolProcessListener } from "./processes/processListener.ts";
import { ResumeSources } from "./processes/resumeSource.ts";
import { Scheduler } from "./processes/scheduler.ts";
import { PromptSender } from "./processes/sendPrompt.ts";
import { type SessionBeginning, Spares } from "./processes/spares.ts";
import { Termination } from "./processes/termination.ts";
import { Erasure } from "./sessions/erasure.ts";
import { ForkAndRewind } from "./sessions/forkAndRewind.ts";
import { LeaseTimer } from "./sessions/leaseTimer.ts";
import { Recaps } from "./sessions/recaps.ts";
import { Revocations } from "./sessions/revocations.ts";
import { Sessions } from "./sessions/sessions.ts";
import { Views } from "./sessions/views.ts";
import type { Gate } from "./state/gate.ts";
import type { PoolLimits } from "./state/limits.ts";
import { ProcessRegistry } from "./state/processRegistry.ts";
import { SessionLimit } from "./state/sessionLimit.ts";
import type { WrongTransition } from "./state/sessionProcess.ts";
import { EventBuffer } from "./turns/eventBuffer.ts";
import { FactWriter } from "./turns/factWriter.ts";
import { ForeignTurns } from "./turns/foreignTurns.ts";
import { PermissionRequests } from "./turns/permissionRequests.ts";
import { Submissions } from "./turns/submit.ts";
import { Tasks } from "./turns/tasks.ts";
import { TaskWaiter } from "./turns/taskWaiter.ts";
import { TurnWaiter } from "./turns/turnWaiter.ts";
import { TurnWriter } from "./turns/turnWriter.ts";
import { Wakeups } from "./turns/wakeups.ts";

export interface PoolParts {
  store: Store;
  host: ProcessHost;
  history: Pick<ClaudeHistory, "conversations">;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  newId: () => string;
  /** Told of a bug: a transition of a process that its phase does not allow. Default: an error in the log. */
  onWrongTransition?(wrong: WrongTransition): void;
  attachments: Pick<AttachmentStorage, "prepare" | "letGo">;
  /** Looks at the files that prompts mention, and at those that are given with messages. */
  mentions: MentionResolver & ContextFileResolver;
  /** The branch of a project's repository; without it sessions have none. */
  gitBranch?(projectPath: string): Promise<string | undefined>;
  /** Throws `project_forbidden` or `project_not_found` when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A session was closed or has expired, and no process of it is left. */
  sessionOver?(session: Session): void;
}

/** The pool's components. */
export type PoolComponents = ReturnType<typeof assemblePool>;

/** Builds the pool's components and wires them. */
export function assemblePool(parts: PoolParts) {
  const { store, clock, limits, newId, host } = parts;
  const registry = new ProcessRegistry();
  const sessionLimit = new SessionLimit({ limits });
  const capacity = new Capacity({ store, clock, sessionLimit, registry });
  const turnWriter = new TurnWriter({ store, clock, limits, feed: parts.feed, newId });
  const permissions = new PermissionRequests({ store, clock, limits, newId });
  const buffer = new EventBuffer(parts);
  const facts = new FactWriter({ ...parts, buffer });
  const gates: Gate[] = [];
  const spares = new Spares({
    ...parts,
    capacity,
    memoryUsedBytes: () => health.load.sessionBytes,
    isMachineShort: () => health.load.isMachineShort,
  });
  const newSessionId = (begun: SessionBeginning) => spares.newSessionId(begun);
  const submissions = new Submissions({
    store,
    clock,
    limits,
    registry,
    turnWriter,
    gates,
    admission: (own, queue) => capacity.admission(own, queue),
    waitsForTasks: () => capacity.waitsForTasks,
    isHeldElsewhere: (sessionId) => handoffs.heldBy(sessionId) !== undefined,
    facts,
    newId,
    newSessionId,
  });
  const turnWaiter = new TurnWaiter({ store, clock });
  const recaps = new Recaps({ store, clock, host, facts, newId, checkProject: parts.checkProject });
  const leaseChanged = (deadlineAt: number) => leases.leaseChanged(deadlineAt);
  const wake = (sessionId: string) => scheduler.wake(sessionId);
  const onWrongTransition =
    parts.onWrongTransition ?? ((wrong) => parts.log.error("process.wrong_transition", { ...wrong }));
  const tasks = new Tasks({ ...parts, buffer, registry, advance: () => scheduler.advance() });
  const inner = {
    ...parts,
    onWrongTransition,
    registry,
    sessionLimit,
    capacity,
    turnWriter,
    permissions,
    turnWaiter,
    buffer,
    tasks,
    wakeups: new Wakeups({ ...parts, buffer, registry, tasks, advance: () => scheduler.advance() }),
    facts,
    gates,
    advance: () => scheduler.advance(),
  };
  const termination = new Termination(inner);
  const interrupts = new Interrupts({ ...inner, termination });
  const handoffs: Handoffs = new Handoffs({ ...inner, termination, foreignTurns: new ForeignTurns(parts) });
  const health = new HealthMonitor({ ...inner, termination, interrupts, handoffs });
  gates.push(health.load, handoffs);
  const views = new Views({
    store,
    registry,
    capacity,
    sessionLimit,
    clock,
    limits,
    facts,
    load: health.load,
  });
  const outages = new Outages({ ...inner, termination, interrupts, handoffs });
  gates.push(...outages.gates);
  const timeouts = new TurnTimeouts({ ...inner, termination, interrupts });
  const retries = new Retries(inner);
  const planUsage = new PlanUsage(inner);
  const observed = {
    ...inner,
    handoffs,
    observer: outages,
    resumeSources: new ResumeSources(parts),
    leaseChanged,
  };
  const exits = new ProcessExits(observed);
  const listener = new PoolProcessListener({ ...observed, hearers: [retries, planUsage], exits });
  const promptSender = new PromptSender({ ...inner, handoffs });
  const scheduler: Scheduler = new Scheduler({
    ...observed,
    exits,
    listener,
    promptSender,
    termination,
    sessionsServed: () => oneShots.admit(),
  });
  const oneShots = new OneShots({ ...inner, observer: outages });
  const sessions = new Sessions({
    ...inner,
    submissions,
    newSessionId,
    leaseChanged,
    wake,
  });
  const revocations = new Revocations({ ...inner, interrupts, tasks });
  const calls = new ControlRequests({ ...inner, wake });
  const forkAndRewind = new ForkAndRewind({ ...inner, calls, create: (request) => sessions.create(request) });
  const erasure = new Erasure({ ...inner, termination });
  const leases: LeaseTimer = new LeaseTimer({
    ...inner,
    duties: {
      expire: (session) => termination.expire(session),
      keepAlive: (session) => sessions.keepAlive(session),
    },
  });
  return {
    turnWriter,
    permissions,
    tasks,
    wakeups: inner.wakeups,
    submissions,
    sessions,
    forkAndRewind,
    erasure,
    promptSender,
    scheduler,
    termination,
    interrupts,
    handoffs,
    health,
    outages,
    timeouts,
    retries,
    planUsage,
    facts,
    spares,
    leases,
    revocations,
    recaps,
    oneShots,
    views,
    turnWaiter,
    taskWaiter: new TaskWaiter({ store, clock }),
    sessionLimit,
  };
}
