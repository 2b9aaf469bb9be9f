import { ProjectRoots } from "../../../server/access/projectRoots.ts";
import { assemble } from "../../../server/app/compose.ts";
import { readConfig } from "../../../server/app/config.ts";
import { Metrics } from "../../../server/app/metrics/metrics.ts";
import type { WebPushPolicy } from "../../../server/domain/delivery/push.ts";
import type { Clock, Log } from "../../../server/domain/ports.ts";
import type { ClaudeHistory } from "../../../server/domain/sessions/history.ts";
import { Closers } from "../../../server/platform/closers.ts";
import { openStore } from "../../../server/store/store.ts";
import { ScriptedHost } from "../claude/scriptedHost.ts";
import { MemoryPush } from "../push/memoryPush.ts";
import { DrivenPool } from "./drivenPool.ts";

interface TestAssemblyParts {
  /** An existing directory, which is the owner's home too. */
  dataDir: string;
  /** Settings beside the data folder. */
  environment: Record<string, string>;
  clock: Clock;
  log: Log;
  webPush: WebPushPolicy;
  history: ClaudeHistory;
  /** The port that the test's server listens on. */
  port(): number | undefined;
}

export type TestAssembly = Awaited<ReturnType<typeof assembleForTest>>;

/**
 * The server's own assembly, with the real pool over processes that do what the test says and pushes that are kept; what
 * its edges ask of the pool is recorded. Commits are not synced beside the event loop: they are durable at once.
 */
export async function assembleForTest(parts: TestAssemblyParts) {
  const { dataDir, clock, log, webPush, history, port } = parts;
  const environment = Object.assign(parts.environment, { DATA_DIR: dataDir, KEEP_AWAKE: "off" });
  const closers = new Closers();
  const host = new ScriptedHost({ clock });
  const push = new MemoryPush();
  const database = openStore({ dataDir, clock });
  const version = "9.9.9";
  const config = readConfig(environment);
  const assembly = await assemble(
    {
      database,
      lookAtFiles: () => undefined,
      clock,
      log,
      version,
      environment,
      port,
      metrics: new Metrics({ version }),
      config,
      // A test has one folder for everything.
      roots: await ProjectRoots.open({
        paths: config.projectRoots,
        homeDir: dataDir,
        dataDir,
        openFolders: config.projectRoots,
      }),
      cliEnvironment: { HOME: dataDir },
      homeDir: dataDir,
      hostname: "studio",
      ports: { host, history, pushSenders: { push, webPush } },
    },
    closers,
  );
  const { store } = assembly;
  const pool = new DrivenPool({ pool: assembly.pool, host, store });
  await assembly.start();
  return {
    ...assembly,
    database,
    host,
    push,
    pool,
    http: { ...assembly.http, pool },
    gateway: { ...assembly.gateway, pool },
    /** Closes everything but the database; turns that run are not waited for. Idempotent. */
    async stop(): Promise<void> {
      await assembly.pool.stop(0);
      await closers.close();
    },
  };
}
