import type { Socket } from "node:net";
import type { AttemptWindow } from "../access/attemptWindow.ts";
import type { ConversationFolders } from "../access/conversationFolders.ts";
import type { Devices } from "../access/devices.ts";
import type { HostCheck } from "../access/hostCheck.ts";
import type { MessageAttachments } from "../access/messageAttachments.ts";
import type { PairingLinks } from "../access/pairingCode.ts";
import type { ProjectRoots } from "../access/projectRoots.ts";
import type { OwnersTrust } from "../access/projectTrust.ts";
import type { PushRegistration } from "../access/pushRegistration.ts";
import type { ActivityRegistrations } from "../delivery/activities/activityRegistrations.ts";
import type { Caller, Device } from "../domain/delivery/device.ts";
import type { DeltaFrame } from "../domain/delivery/frames.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { ClaudeModel } from "../domain/processes/process.ts";
import type { AllowanceSettings } from "../domain/sessions/allowances.ts";
import type { PartialUpload, UploadPart, UploadState } from "../domain/sessions/attachment.ts";
import type { ProjectChanges } from "../domain/sessions/changes.ts";
import type { ClaudeHistory } from "../domain/sessions/history.ts";
import type { LifecycleCounts } from "../pool/health/lifecycleCounters.ts";
import type { PoolStats, SessionPool } from "../pool/port.ts";
import type { SettingsPatch, SettingsView } from "../wire/settings.ts";

/** The state of the server in one word, and of its parts. */
export interface HealthReport {
  status: "ok" | "degraded" | "failing";
  checks: Record<string, { state: string; detail?: string }>;
}

/** The outcome of a test push. */
export interface TestPush {
  outcome: string;
  apnsId: string;
  status?: number;
  reason?: string;
  detail?: string;
  latencyMs: number;
}

export interface HttpLimits {
  /** Wrong pairing codes from one address in 15 minutes (docs/api.md, Access: 5). */
  pairingFailures: number;
  /** Pairings from one address in an hour (docs/api.md, Access: 30). */
  pairingsPerHour: number;
}

/** The limits of docs/api.md, Access. */
export const defaultHttpLimits: HttpLimits = {
  pairingFailures: 5,
  pairingsPerHour: 30,
};

/** What the pool holds now, and what happened since the server started. */
export type SessionMetrics = PoolStats & LifecycleCounts & { sinceAt: number; spares: number };

/** An answered request, as it is counted. */
export interface SeenRequest {
  method: string;
  /** The route's pattern, not the address: there are few of them, and none holds an id. */
  route: string;
  status: number;
  durationMs: number;
}

/** Percentiles of the latest measurements; none before the first. `count`: all of them since the start. */
export interface LatencyFigures {
  count: number;
  p50Ms?: number;
  p99Ms?: number;
}

/** How long events take from their commit, and what got lost or came twice since the start. */
export interface DeliveryFigures {
  /** To the first connection. */
  firstFrame: LatencyFigures;
  /** To a device's ack. */
  ack: LatencyFigures;
  /** To the push service's acceptance. */
  pushAccepted: LatencyFigures;
  /** Accepted turns without an end that nothing works on. */
  lostTurns: number;
  /** Ends of turns, frames on one connection, and successful pushes that came a second time. */
  twice: { ends: number; frames: number; pushes: number };
}

/** Figures in Prometheus' format. */
export interface MetricsPort {
  readonly contentType: string;
  text(): Promise<string>;
  /** Those of delivery, for people. */
  delivery(): DeliveryFigures;
  observeRequest(request: SeenRequest): void;
}

/** The limits, as the owner sees and changes them. */
export interface SettingsPort {
  view(): SettingsView;
  change(patch: SettingsPatch, caller: Caller): SettingsView;
}

/** Uploads that go on after they were cut off. */
export interface PartialUploadPort {
  begin(upload: PartialUpload, deviceId: string): Promise<string>;
  append(uploadId: string, deviceId: string, part: UploadPart): Promise<UploadState>;
  stateOf(uploadId: string, deviceId: string): Promise<UploadState>;
  remove(uploadId: string, deviceId: string): Promise<void>;
}

/** Everything the HTTP edge is made of. */
export interface HttpDependencies {
  store: Store;
  pool: SessionPool;
  access: Devices;
  /** Failed authentications by address; when it is full the answer is 429 instead of 401. */
  tokenFailures: AttemptWindow;
  /** Requests of each device in a minute, with its frames on the socket. */
  deviceRequests: AttemptWindow;
  attachments: MessageAttachments;
  uploads: PartialUploadPort;
  pushRegistration: PushRegistration;
  activityRegistrations: ActivityRegistrations;
  roots: ProjectRoots;
  trust: OwnersTrust;
  /** Where conversations of `/v1` work that named no project. */
  folders: ConversationFolders;
  history: ClaudeHistory;
  changes: ProjectChanges;
  /** Conversations that terminals hold now, with the process's id. */
  heldElsewhere(): Promise<ReadonlyMap<string, number>>;
  names: HostCheck;
  clock: Clock;
  log: Log;
  version: string;
  /** The folder of the built page; absent: none is served. */
  pageDir?: string;
  /** What a phone calls this server. */
  serverName: string;
  /** Instant the server started. */
  startedAt: number;
  /** For how long it has run. */
  uptimeMs(): number;
  limits: HttpLimits;
  /** Aborted when the server begins to stop, so that long polls and waits end instead of holding it up. */
  stopping: AbortSignal;
  health(): HealthReport | Promise<HealthReport>;
  metrics(): SessionMetrics;
  /** What the CLI offered when a process was last started; empty before the first. */
  models(): readonly ClaudeModel[];
  /** Of sessions that name none, where the owner has set one. */
  defaultModel: string | null;
  /** What the owner has set about permission modes. */
  allowances: AllowanceSettings;
  /** Calls back with the words of a session as they are spoken; the result unsubscribes. */
  listen(sessionId: string, listener: (delta: DeltaFrame) => void): () => void;
  /** How news will reach the device now: `websocket`, `apns`. */
  deliveryMethods(deviceId: string): string[];
  /** Whether the device has a live connection. */
  connected(deviceId: string): boolean;
  /** Takes the device's word that it holds everything up to the cursor, and settles its deliveries; the cursor in force. */
  acknowledge(deviceId: string, cursor: number): number;
  /** Takes the device's word that the owner has read the session up to here. */
  markRead(deviceId: string, sessionId: string, throughSeq: number): void;
  /** A pending long poll counts as a live connection until the result is called. */
  beginPoll(deviceId: string): () => void;
  settings: SettingsPort;
  prometheus: MetricsPort;
  /** A valid token was shown on the connection, which counts as the device's from now on. */
  noteDevice?(socket: Socket, deviceId: string): void;
  testPush(device: Device): Promise<TestPush>;
  /** The link behind the pairing QR for a new code. */
  pairingLinks(code: string): PairingLinks;
}
