import { statfs } from "node:fs/promises";
import type { PushSender } from "../domain/delivery/push.ts";
import type { Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/processes/process.ts";
import type { HealthReport } from "../http/dependencies.ts";
import type { SessionPool } from "../pool/port.ts";

/** Below this the database may soon not be writable: one backup copy and a day of events. */
const lowDiskBytes = 200 * 1024 * 1024;

/** A disk that takes longer than this for a commit holds back every answer. */
const longOwedMs = 5_000;

interface HealthParts {
  store: Pick<Store, "events"> & { checkWritable(): void; readonly owedMs: number };
  pool: SessionPool;
  host: ProcessHost;
  push: PushSender;
  dataDir: string;
  /** Looks at the files under the database; a sentence about a log that grows. */
  lookAtFiles(): string | undefined;
  /** How the server before this one ended. */
  lastRun(): { state: string; detail?: string };
  keepAwake: { health(): { state: string; detail?: string } };
}

/** Tells the truth about each part; the worst of them is the server's state, and push alone never fails it. */
export async function healthReport(parts: HealthParts): Promise<HealthReport> {
  const { store, pool, host, push, dataDir, lastRun } = parts;
  const database = probe(() => {
    const growth = parts.lookAtFiles();
    store.events.tip();
    store.checkWritable();
    if (store.owedMs > longOwedMs)
      throw new Error(`The disk has not confirmed a commit for ${Math.round(store.owedMs / 1_000)} s.`);
    return growth;
  });
  const disk = await statfs(dataDir).then(
    (stats) => {
      const freeBytes = stats.bavail * stats.bsize;
      const detail = `${Math.round(freeBytes / 1024 ** 2)} MB free`;
      return { state: freeBytes < lowDiskBytes ? "failing" : "ok", detail };
    },
    (error: unknown) => ({ state: "failing", detail: String(error) }),
  );
  const checks = {
    database,
    claude: guarded(() => host.health()),
    apns: guarded(() => push.health("apns")),
    webPush: guarded(() => push.health("webpush")),
    disk,
    pool: guarded(() => pool.health()),
    lastRun: guarded(() => lastRun()),
    keepAwake: guarded(() => parts.keepAwake.health()),
  };
  const states = Object.entries(checks).map(([name, check]) => [name, check.state] as const);
  const isDown = states.some(
    ([name, state]) => state === "failing" && (name === "database" || name === "disk" || name === "pool"),
  );
  const isWeak = states.some(([, state]) => state === "failing" || state === "degraded");
  return { status: isDown ? "failing" : isWeak ? "degraded" : "ok", checks };
}

/** A part that cannot say how it is, because the database fails it for example, fails; the report is told all the same. */
function guarded<Check extends { state: string; detail?: string }>(
  check: () => Check,
): Check | { state: "failing"; detail: string } {
  try {
    return check();
  } catch (error) {
    return { state: "failing", detail: error instanceof Error ? error.message : String(error) };
  }
}

/** `look` throws what is wrong, or returns a sentence about what is not as it should be. */
function probe(look: () => string | undefined): { state: string; detail?: string } {
  try {
    const detail = look();
    return detail === undefined ? { state: "ok" } : { state: "degraded", detail };
  } catch (error) {
    return { state: "failing", detail: error instanceof Error ? error.message : String(error) };
  }
}
