import type { Clock, LiveFeed, Log, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/processes/process.ts";
import type { AttachmentStorage } from "../domain/sessions/attachment.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import type { Session } from "../domain/sessions/session.ts";
import { Backstage } from "./backstage.ts";
import { Conductor } from "./conductor.ts";
import { Conversations } from "./conversations.ts";
import { Endings } from "./endings.ts";
import { Errands } from "./errands.ts";
import type { Gate } from "./gate.ts";
import { HealthMonitor } from "./healthMonitor.ts";
import { HeldEvents } from "./heldEvents.ts";
import { LeaseClock } from "./leaseClock.ts";
import type { PoolLimits } from "./limits.ts";
import { OneShots } from "./oneShots.ts";
import { Outages } from "./outages.ts";
import { PermissionDesk } from "./permissionDesk.ts";
import { Recaps } from "./recaps.ts";
import { Roster } from "./roster.ts";
import { SessionDesk } from "./sessionDesk.ts";
import { type SessionBeginning, SpareKeeper } from "./spareKeeper.ts";
import { SubmissionDesk } from "./submission.ts";
import { TurnClerk } from "./turnClerk.ts";
import { TurnWatch } from "./turnWatch.ts";
import { Views } from "./views.ts";

export interface PoolParts {
  store: Store;
  host: ProcessHost;
  history: Pick<ClaudeHistory, "conversations">;
  feed: LiveFeed;
  clock: Clock;
  log: Log;
  limits: PoolLimits;
  newId: () => string;
  attachments: Pick<AttachmentStorage, "prepare">;
  /** Throws `project_forbidden` or `project_not_found` when Claude may not work in the directory, or not any more. */
  checkProject(path: string): Promise<void>;
  /** A session was closed or has expired, and no process of it is left. */
  sessionOver?(session: Session): void;
}

/** Those who do the pool's work, each one thing of it. */
export type Desks = ReturnType<typeof joinDesks>;

/** Makes them and tells each of those it needs. */
export function joinDesks(parts: PoolParts) {
  const { store, clock, limits, newId, host } = parts;
  const roster = new Roster();
  const clerk = new TurnClerk({ store, clock, limits, newId });
  const permissions = new PermissionDesk({ store, clock, limits, newId });
  const gates: Gate[] = [];
  const views = new Views({ store, roster, clock, limits });
  const spares = new SpareKeeper({ ...parts, roster, views });
  const newSessionId = (begun: SessionBeginning) => spares.newSessionId(begun);
  const submissions = new SubmissionDesk({ store, clock, limits, roster, clerk, gates, newId, newSessionId });
  const watch = new TurnWatch({ store, clock });
  const recaps = new Recaps({ store, clock, host, newId, checkProject: parts.checkProject });
  const leaseChanged = (deadlineAt: number) => leases.leaseChanged(deadlineAt);
  const wake = (sessionId: string) => conductor.wake(sessionId);
  const inner = {
    ...parts,
    roster,
    clerk,
    permissions,
    watch,
    held: new HeldEvents(parts),
    gates,
    advance: () => conductor.advance(),
  };
  const endings = new Endings(inner);
  const health = new HealthMonitor({ ...inner, views, endings });
  gates.push(health.load);
  const outages = new Outages({ ...inner, endings });
  gates.push(...outages.gates);
  const conductor: Conductor = new Conductor({
    ...inner,
    outages,
    conversations: new Conversations(parts),
    endings,
    leaseChanged,
    sessionsServed: () => oneShots.admit(),
  });
  const oneShots = new OneShots({ ...inner, endings, outages });
  const sessions = new SessionDesk({
    ...inner,
    stopProcess: (sessionId) => endings.stopOf(sessionId),
    submissions,
    newSessionId,
    leaseChanged,
    wake,
  });
  const errands = new Errands({ ...inner, endings, wake });
  const backstage = new Backstage({ ...inner, errands, create: (request) => sessions.create(request) });
  const leases: LeaseClock = new LeaseClock({
    ...inner,
    duties: {
      expire: (session) => endings.expire(session),
      keepAlive: (session) => sessions.keepAlive(session),
    },
  });
  return {
    clerk,
    permissions,
    submissions,
    sessions,
    backstage,
    conductor,
    endings,
    health,
    outages,
    spares,
    leases,
    recaps,
    oneShots,
    views,
    watch,
  };
}
