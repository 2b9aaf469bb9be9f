import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { CliHost, type CliHostParts } from "../../../server/claude/host.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { Turn } from "../../../server/domain/sessions/turn.ts";
import { systemClock } from "../../../server/platform/clock.ts";
import { InteractiveSessionPool } from "../../../server/pool/pool.ts";
import type { PoolLimits } from "../../../server/pool/state/limits.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { limitsOf, owner } from "../../integration/pool/rig.ts";
import { startsIn } from "../../support/claude/cliStarts.ts";
import { type Bench, benchEnvironment, makeBench } from "../../support/server/daylongServer.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const feed = {
  delta: () => {},
  flush: () => {},
  activity: () => {},
  finished: () => {},
  unfinished: () => undefined,
};

/** A pool over a real database and real processes of the stand-in, with deadlines that a test can wait for. */
export class HostRig {
  readonly bench: Bench = makeBench();
  readonly store: OpenStore;
  readonly pool: InteractiveSessionPool;

  constructor(parts: { host: Omit<Partial<CliHostParts>, "newId">; limits?: Partial<PoolLimits> }) {
    this.store = openStore({
      dataDir: this.bench.dataDir,
      clock: systemClock,
      onWrongSessionChange: (wrong) => {
        throw new Error(`A wrong change of a session: ${JSON.stringify(wrong)}`);
      },
    });
    const environment = benchEnvironment(this.bench, "http://127.0.0.1:9");
    const host = new CliHost({
      newId: randomUUID,
      clock: systemClock,
      log: silent,
      processStore: this.store.processes,
      environment,
      starts: startsIn(this.bench.home, {
        standing: "trusted",
        environment,
        binary: resolve("test/support/claude/cliStandIn.mjs"),
      }),
      ladderMs: 500,
      ...parts.host,
    });
    this.pool = new InteractiveSessionPool({
      store: this.store,
      host,
      history: { conversations: async () => [] },
      feed,
      clock: systemClock,
      log: silent,
      limits: limitsOf(parts.limits),
      newId: () => crypto.randomUUID(),
      checkProject: async () => {},
      onWrongTransition: (wrong) => {
        throw new Error(`A process of the pool made a wrong transition: ${JSON.stringify(wrong)}`);
      },
      attachments: { prepare: async () => ({ images: [], note: "" }), letGo: () => {} },
      mentions: {
        standingOf: async () => "absent",
        placeOf: async () => "readable",
        standingInProject: async () => "absent",
      },
    });
  }

  /** A message to its end. */
  async ask(message: string, sessionId?: string): Promise<Turn> {
    const place = sessionId === undefined ? { projectPath: this.bench.project } : { sessionId };
    const { turnId } = await this.pool.submit({ caller: owner, message, ...place });
    return this.pool.waitForTurn(turnId, 120_000);
  }

  events(sessionId: string): LoggedEvent[] {
    return this.store.events.ofSession(sessionId, 0, 1_000);
  }

  async close(): Promise<void> {
    await this.pool.stop(0);
    this.store.close();
    this.bench.remove();
  }
}
