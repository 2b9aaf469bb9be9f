import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { ensureAdminToken } from "../access/adminToken.ts";
import { AttemptWindow } from "../access/attemptWindow.ts";
import { openTokenFailures } from "../access/bearerToken.ts";
import { ConversationFolders } from "../access/conversationFolders.ts";
import { Devices, localDeviceId } from "../access/devices.ts";
import { HostCheck, hasTwoHosts } from "../access/hostCheck.ts";
import { MessageAttachments } from "../access/messageAttachments.ts";
import { type PairingLinks, pairingLinks } from "../access/pairingCode.ts";
import type { ProjectRoots } from "../access/projectRoots.ts";
import { PushRegistration } from "../access/pushRegistration.ts";
import { withServerMark } from "../claude/os/serverMark.ts";
import { Retention } from "../delivery/retention.ts";
import { Replay } from "../delivery/sockets/replay.ts";
import type { Scope } from "../domain/delivery/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import { DiskAttachmentStorage } from "../files/attachmentStorage.ts";
import { GitChanges } from "../git/gitChanges.ts";
import { gitBranch } from "../git/repository.ts";
import { createHttpApp } from "../http/app.ts";
import { defaultHttpLimits, type HealthReport, type HttpDependencies } from "../http/dependencies.ts";
import { readCertificate, type ServerCertificate } from "../platform/certificate.ts";
import { Closers } from "../platform/closers.ts";
import { closeServer, createServer, listen } from "../platform/listener.ts";
import { phoneAddress } from "../platform/network/addresses.ts";
import { announce } from "../platform/network/bonjour.ts";
import { LifecycleCounters } from "../pool/health/lifecycleCounters.ts";
import { InteractiveSessionPool } from "../pool/pool.ts";
import { Gateway, type GatewayParts } from "../socket/gateway.ts";
import type { OpenStore } from "../store/store.ts";
import type { Config } from "./config.ts";
import { healthReport } from "./health.ts";
import { lastRunCheck, takeLastCrash } from "./lastCrash.ts";
import { limitConnections } from "./limitConnections.ts";
import { Metrics } from "./metrics/metrics.ts";
import { holdDataFolder, openDataFolder, openRoots } from "./openFolders.ts";
import { lastWord, openStorage } from "./openStorage.ts";
import {
  type OutsidePorts,
  openCliHost,
  openHistory,
  openKeepAwake,
  openPushSenders,
} from "./outsidePorts.ts";
import { writeServerFile } from "./serverFile.ts";
import { livePoolLimits, Settings } from "./settings.ts";
import { wireDelivery } from "./wireDelivery.ts";
import { requireSandbox, wireStarts } from "./wireStarts.ts";

/** A server that listens. */
export interface RunningDaylong {
  url: string;
  dataDir: string;
  /** SHA-256 of the certificate, when the server speaks TLS. */
  fingerprint?: string;
  /** A pairing code of the program's own, as for `POST /api/pairing-codes`. */
  makePairing(scope: Scope): { code: string; expiresAt: number } & PairingLinks;
  health(): HealthReport | Promise<HealthReport>;
  /** Refuses new turns, drains, settles, ends every process, closes everything. Idempotent. */
  stop(): Promise<void>;
}

export interface ComposeParts {
  config: Config;
  clock: Clock;
  log: Log;
  version: string;
  /** The folder of the built page. */
  pageDir?: string;
  /** The variables that `config` was read from. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The environment of which the CLI gets the allowed part. */
  cliEnvironment: Readonly<Record<string, string | undefined>>;
  /** Ends the program at once: what it could still say might not be true. */
  crash(error: Error): void;
  /** Folders in the data folder whose contents may be projects: the demo's. */
  openFolders?: readonly string[];
  /** In the place of the real ones, in tests. */
  ports?: Partial<OutsidePorts>;
}

/** The parts that the server is assembled from when its data folder and its database are open. */
export interface AssemblyParts extends Omit<ComposeParts, "crash" | "openFolders"> {
  database: OpenStore;
  /** Looks at the files under the database; a sentence about a log that grows. */
  lookAtFiles(): string | undefined;
  metrics: Metrics;
  roots: ProjectRoots;
  homeDir: string;
  /** The computer's name: an address of this server, and what phones call it. */
  hostname: string;
  certificate?: ServerCertificate;
  /** The port that the server listens on; `undefined` before it does. */
  port(): number | undefined;
  /** The fault by which the server before this one ended. */
  lastCrash?: ReturnType<typeof takeLastCrash>;
}

/** Starts the server: the composition root. Parts are closed in the reverse order of their start, also when a later one fails. */
export async function startDaylong(parts: ComposeParts): Promise<RunningDaylong> {
  const closers = new Closers();
  try {
    return await compose(parts, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function compose(parts: ComposeParts, closers: Closers): Promise<RunningDaylong> {
  const { config, clock, log, version, crash } = parts;
  openDataFolder(config.dataDir);
  await requireSandbox(config, parts.cliEnvironment);
  const homeDir = homedir();
  // Before the folder is locked and the database made: a start with wrong roots leaves nothing behind.
  const roots = await openRoots({ config, openFolders: parts.openFolders, homeDir, log });
  const { lockPaths, serverFile } = holdDataFolder(config.dataDir, closers);
  const lastCrash = takeLastCrash(config.dataDir);
  const certificate = await readCertificate(config);
  const metrics = new Metrics({ version });
  closers.push(() => metrics.stop());
  const { database, watch } = openStorage(
    {
      config,
      lockPaths,
      clock,
      log,
      crash,
      onCommit: (durationMs) => metrics.observeCommit(durationMs),
      onSync: (durationMs) => metrics.observeSync(durationMs),
    },
    closers,
  );
  let boundPort: number | undefined;
  const assembly = await assemble(
    {
      ...parts,
      lastCrash,
      database,
      lookAtFiles: () => watch.look(),
      metrics,
      roots,
      certificate,
      homeDir,
      hostname: hostname(),
      port: () => boundPort,
    },
    closers,
  );
  const { edges } = assembly;
  const noteDevice = (socket: Socket, deviceId: string) => connectionLimits.noteDevice(socket, deviceId);
  const server = createServer(certificate, createHttpApp(Object.assign(assembly.http, { noteDevice })));
  const noteUpgrade = (socket: Socket) => connectionLimits.noteUpgrade(socket);
  const gateway = new Gateway(Object.assign(assembly.gateway, { noteDevice, noteUpgrade }));
  const connectionLimits = limitConnections(server, { settings: assembly.settings, log });
  await assembly.start();
  database.serve();
  watch.start();
  gateway.attach(server);
  boundPort = await listen(server, config, (error) => log.error("listener.failed", { error }));
  edges.push(() => closeServer(server));
  edges.push(() => gateway.stop());
  edges.push(() => assembly.stopping.abort());
  const isDemo = (parts.openFolders ?? []).length > 0;
  const listening = { path: serverFile, config, port: boundPort, certificate, version, isDemo };
  const { url, fingerprint } = writeServerFile(listening, edges);
  edges.push(announce({ host: config.host, port: boundPort, hostname: hostname(), fingerprint, clock, log }));
  const { health, access, pairingLinks } = assembly.http;
  const makePairing = (scope: Scope) => {
    const made = access.createPairingCode(scope, { deviceId: localDeviceId, scope: "admin" });
    return Object.assign(made, pairingLinks(made.code));
  };
  return { url, dataDir: config.dataDir, fingerprint, makePairing, health, stop: () => closers.close() };
}

/**
 * Makes every part of a server but its sockets, and gives each part those that it needs. No session moves before `start`.
 * Parts that accept requests are to be closed with `edges`, after the pool has let the running turns end.
 */
export async function assemble(parts: AssemblyParts, closers: Closers) {
  const { config, environment, clock, log, version, ports = {} } = parts;
  const { database, lookAtFiles, metrics, roots, certificate, homeDir, hostname } = parts;
  const { dataDir } = config;
  const cliEnvironment = withServerMark(parts.cliEnvironment, dataDir);
  const startedAt = clock.now();
  const startedReading = clock.monotonic();
  const lastRun = lastRunCheck(parts.lastCrash, clock);
  const unfollow = clock.onStep?.((byMs) => {
    database.moveInstants(byMs);
    log.warn("clock.stepped", { byMs });
  });
  if (unfollow) closers.push(unfollow);
  const folders = new ConversationFolders({ dir: join(dataDir, "conversations") });

  const publicUrl = () => phoneAddress({ ...config, port: parts.port(), isSecure: !!certificate });
  const settings = new Settings({ store: database, clock, log, environment });
  const { webPush, ...providers } =
    ports.pushSenders ?? (await openPushSenders(config, publicUrl, clock, log));
  const push = metrics.counted(providers.push);
  closers.push(() => push.stop(2_000));
  const { apnsEnvironment: defaultEnvironment } = config;
  const watch = metrics.watchDelivery({ store: database, clock });
  const { store, connections, activities, feed, outboxSender, testPush } = wireDelivery(
    { database, push, settings, clock, log, defaultEnvironment, watch },
    closers,
  );
  ensureAdminToken({ dataDir, store, clock, log });

  const retention = new Retention({
    store: database.history,
    clock,
    log,
    keepMs: () => settings.config.retentionMs,
  });
  closers.push(() => retention.stop());

  const dir = join(dataDir, "attachments");
  const attachmentStorage = new DiskAttachmentStorage({ dir, store, clock, log, newId: randomUUID });
  closers.push(() => attachmentStorage.stop());
  const attachments = new MessageAttachments({ store, storage: attachmentStorage });

  const ofStarts = { config, store, clock, log, environment: cliEnvironment, homeDir, roots };
  const { program, trust, starts, mentions, closedPlaces, recentlyClosedPlaces } = wireStarts(ofStarts);
  const host =
    ports.host ??
    (await openCliHost({
      clock,
      log,
      processStore: store.processes,
      environment: cliEnvironment,
      newId: randomUUID,
      sparesDir: join(dataDir, "spares"),
      starts,
    }));
  closers.push(() => host.stop());
  const history = ports.history ?? (await openHistory({ clock, log, environment: cliEnvironment }, closers));
  /** The directories that a project and its repository lie in; rejects for a project that is not allowed any more. */
  const rootsOf = async (path: string): Promise<readonly string[]> => {
    if (await folders.holds(path)) return [path];
    if ((await roots.resolve(path)) === path) return roots.paths;
    throw new DaylongError(
      "project_forbidden",
      "The project's directory is another one than when the session began.",
    );
  };
  const changes = new GitChanges({ program, clock, log, rootsOf, closedPlaces });
  const pool = new InteractiveSessionPool({
    store,
    host,
    gitBranch: async (path) => gitBranch(path, await rootsOf(path), await recentlyClosedPlaces(path)),
    history,
    feed,
    clock,
    log,
    limits: livePoolLimits(settings),
    newId: randomUUID,
    attachments: attachmentStorage,
    mentions,
    sessionOver: ({ projectPath }) => folders.removeIfEmpty(projectPath),
    checkProject: async (path) => {
      await rootsOf(path);
    },
  });
  const keepAwake = openKeepAwake({ config, store, pool, clock, log, environment: cliEnvironment }, closers);
  settings.tellEffective(() => pool.sessionLimit());
  const counters = new LifecycleCounters({ events: store.events, stats: () => pool.stats() });
  closers.push(() => counters.stop());
  const sessionMetrics = () => ({
    sinceAt: startedAt,
    ...pool.stats(),
    spares: host.spares?.count ?? 0,
    ...counters.counts(),
  });
  metrics.show({ store: database, sessionMetrics, socketCount: () => connections.count });
  // Closed the other way round: turns drain while phones still listen, for a socket that closed first would miss the last
  // replies; when those are on the disk, the edges close, and the rest after them.
  const edges = new Closers();
  closers.push(() => edges.close());
  closers.push(() => lastWord(database, clock));
  // A turn cannot end in a database that takes nothing any more: it is not waited for.
  closers.push(() => pool.stop(database.isLost ? 0 : settings.config.shutdownGraceMs));

  const access = new Devices({
    store,
    clock,
    log,
    roots,
    endWorkOf: (deviceId, by) => pool.endWorkOf(deviceId, by),
  });
  const tokenFailures = openTokenFailures(clock);
  const requestLimit = () => settings.config.requestsPerMinute;
  const deviceRequests = new AttemptWindow({ clock, windowMs: 60_000, limit: requestLimit });
  const pushRegistration = new PushRegistration({ store, clock, defaultEnvironment, webPush });
  const stopping = new AbortController();
  const names = new HostCheck({
    bindHost: config.host,
    port: parts.port,
    hostname,
    publicNames: config.publicUrl ? [new URL(config.publicUrl).host] : [],
  });
  const http: HttpDependencies = {
    store,
    pool,
    access,
    tokenFailures,
    deviceRequests,
    attachments,
    uploads: attachmentStorage.partial,
    pushRegistration,
    activityRegistrations: activities.registrations,
    roots,
    trust,
    folders,
    history,
    changes,
    heldElsewhere: () => host.heldElsewhere(),
    names,
    clock,
    log,
    version,
    pageDir: parts.pageDir,
    serverName: hostname,
    startedAt,
    uptimeMs: () => clock.monotonic() - startedReading,
    limits: defaultHttpLimits,
    stopping: stopping.signal,
    health: () =>
      healthReport({ store: database, pool, host, push, dataDir, lookAtFiles, lastRun, keepAwake }),
    metrics: sessionMetrics,
    prometheus: metrics,
    models: () => host.models,
    defaultModel: config.claudeModel,
    allowances: config,
    listen: (sessionId, listener) => feed.listen(sessionId, listener),
    deliveryMethods: (deviceId) => {
      const provider = store.devices.get(deviceId)?.push?.provider;
      return [
        ...(connections.isLive(deviceId) ? ["websocket"] : []),
        ...(provider && push.health(provider).state !== "disabled" ? [provider] : []),
      ];
    },
    connected: (deviceId) => connections.isLive(deviceId),
    acknowledge: (deviceId, cursor) => outboxSender.acknowledge(deviceId, cursor),
    markRead: (deviceId, sessionId, throughSeq) => outboxSender.markRead(deviceId, sessionId, throughSeq),
    beginPoll: (deviceId) => connections.beginPoll(deviceId),
    settings,
    testPush,
    pairingLinks: (code) => pairingLinks({ url: publicUrl(), code, fingerprint: certificate?.fingerprint }),
  };
  const replay = new Replay({ events: store.events, devices: store.devices, connections, feed, clock, log });
  const gateway: GatewayParts = {
    pool,
    attachments,
    gatekeeper: access,
    tokenFailures,
    deviceRequests,
    connections,
    replay,
    outboxSender,
    devices: store.devices,
    clock,
    log,
    allowUpgrade: (request) => {
      if (hasTwoHosts(request)) return { status: 400 };
      return names.judge(request.headers) === undefined ? undefined : { status: 403 };
    },
    registerPush: (caller, target) =>
      target === null
        ? pushRegistration.remove(caller.deviceId, caller)
        : pushRegistration.register(caller.deviceId, target, caller),
  };
  /** Puts right the remains of the last run before anything is accepted. */
  const start = async () => {
    await folders.sweep();
    await changes.sweep();
    await pool.start();
    outboxSender.start();
    retention.start();
    attachmentStorage.start();
  };
  return {
    store,
    pool,
    access,
    connections,
    activities,
    feed,
    outboxSender,
    http,
    gateway,
    stopping,
    edges,
    settings,
    start,
  };
}
