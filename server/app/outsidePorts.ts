import type { CliHost } from "../claude/host.ts";
import { KeepAwake } from "../claude/os/keepAwake.ts";
import type { TranscriptHistory } from "../claude/transcripts/transcriptHistory.ts";
import type { PushSender, WebPushPolicy } from "../domain/delivery/push.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { ProcessHost } from "../domain/processes/process.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import type { Closers } from "../platform/closers.ts";
import type { SessionPool } from "../pool/port.ts";
import type { Config } from "./config.ts";

/** The ports that reach beyond this program and its data folder. */
export interface OutsidePorts {
  host: ProcessHost & Pick<CliHost, "models" | "stop">;
  /** Every push service, and what a browser's registration needs of Web Push. */
  pushSenders: { push: PushSender; webPush: WebPushPolicy };
  /** Claude's own transcripts. */
  history: ClaudeHistory;
}

/**
 * The ports that reach outside. Their code (the Agent SDK, node-apn) is loaded only where a server really opens them: tests that
 * give ports of their own do without it.
 */
export async function openPushSenders(
  config: Config,
  pageUrl: () => string,
  clock: Clock,
  log: Log,
): Promise<OutsidePorts["pushSenders"]> {
  return (await import("./openPushSenders.ts")).openPushSenders(config, pageUrl, clock, log);
}

export async function openCliHost(parts: ConstructorParameters<typeof CliHost>[0]): Promise<CliHost> {
  const { CliHost } = await import("../claude/host.ts");
  const host = new CliHost(parts);
  // Whether there is a login is known before the server is called ready.
  await host.login.look();
  return host;
}

export async function openHistory(
  parts: ConstructorParameters<typeof TranscriptHistory>[0],
  closers: Closers,
): Promise<TranscriptHistory> {
  const { TranscriptHistory } = await import("../claude/transcripts/transcriptHistory.ts");
  const history = new TranscriptHistory(parts);
  closers.push(() => history.stop());
  return history;
}

interface KeepAwakeSources {
  config: Config;
  store: Store;
  pool: Pick<SessionPool, "workload">;
  clock: Clock;
  log: Log;
  environment: Readonly<Record<string, string | undefined>>;
}

/** What keeps the computer awake while there is work, until the closers are closed. */
export function openKeepAwake(sources: KeepAwakeSources, closers: Closers): KeepAwake {
  const { config, store, pool, clock, log, environment } = sources;
  const keepAwake = new KeepAwake({
    mode: config.keepAwake,
    platform: process.platform,
    events: store.events,
    workload: () => pool.workload(),
    clock,
    log,
    path: environment.PATH,
  });
  closers.push(() => keepAwake.stop());
  return keepAwake;
}
