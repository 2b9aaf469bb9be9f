import { readFileSync } from "node:fs";
import type {
  ActivityRequest,
  ApnsEnvironment,
  ApnsTarget,
  PushChannel,
  PushHealth,
  PushOutcome,
  PushRequest,
  SyncRequest,
} from "../../domain/delivery/push.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import { EncryptionKeyError } from "../encryption.ts";
import { InFlight } from "../inFlight.ts";
import { buildActivityPush } from "./activityPayload.ts";
import { ApnsConnection, loadNodeApn } from "./apnsConnection.ts";
import { type ApnsPush, buildApnsPush, buildSyncPush } from "./apnsPayload.ts";
import { type ApnsSessionTiming, defaultSessionTiming } from "./apnsSession.ts";
import { judgeExchange } from "./apnsVerdict.ts";
import { ProviderToken } from "./providerToken.ts";

/** Where one APNs environment listens; Apple's own are api.push.apple.com and api.sandbox.push.apple.com, port 443. */
export interface ApnsEndpoint {
  host: string;
  port: number;
}

/** Apple's .p8 key, as a file or as its contents, with the ids that Apple's developer page shows beside it. */
export type ApnsKey = ({ path: string } | { pem: string }) & { keyId: string; teamId: string };

/** Time limits of the sender, ms. */
export interface ApnsTiming extends ApnsSessionTiming {
  /** Longest wait for an answer. Apple answers in well under a second; ten are a broken network. */
  requestTimeoutMs: number;
}
export const defaultApnsTiming: ApnsTiming = { ...defaultSessionTiming, requestTimeoutMs: 10_000 };

export interface ApnsSenderParts {
  clock: Pick<Clock, "now" | "monotonic">;
  /** Absent: push is off, and every send says so. */
  key?: ApnsKey;
  /** The app's bundle id, for targets that name no topic. */
  topic: string;
  production: ApnsEndpoint;
  sandbox: ApnsEndpoint;
  /** PEM file of the authorities to trust instead of the system's. TLS is verified in any case. */
  caPath?: string;
  /** Folder of the stored provider token. */
  dataDir: string;
  timing?: Partial<ApnsTiming>;
  /** Never given a token, a key or any text of a push. */
  log: Pick<Log, "info">;
}

type Core =
  | { state: "disabled" }
  | { state: "broken"; reason: string }
  | {
      state: "ready";
      token: ProviderToken;
      key: { pem: string; keyId: string; teamId: string };
      ca?: string;
    };

/** The address and the id that every push has. */
type Addressed = Pick<PushRequest<ApnsTarget>, "deliveryId" | "target">;

/**
 * Sender of pushes to Apple (APNs). Every failure is an outcome; `send` never rejects.
 * Health: disabled (no key) | ok <-> failing. Failing starts with a configuration fault or an untrusted certificate and ends
 * with the next push that Apple accepts; a key that cannot be read fails until the next start.
 */
export class ApnsSender implements PushChannel<ApnsTarget> {
  readonly #parts: ApnsSenderParts;
  readonly #timing: ApnsTiming;
  readonly #core: Core;
  readonly #connections = new Map<ApnsEnvironment, ApnsConnection>();
  readonly #inFlight = new InFlight();
  #fault: string | undefined;

  constructor(parts: ApnsSenderParts) {
    this.#parts = parts;
    this.#timing = { ...defaultApnsTiming, ...parts.timing };
    this.#core = prepareCore(parts);
  }

  /** Sends one push once. Retries are the caller's; `apns-id` stays the delivery's id on each of them. */
  send(request: PushRequest<ApnsTarget>): Promise<PushOutcome> {
    return this.#send(request, (topic) => buildApnsPush(request, topic));
  }

  sync(request: SyncRequest<ApnsTarget>): Promise<PushOutcome> {
    return this.#send(request, (topic) => buildSyncPush(request, topic));
  }

  /** Starts, updates or ends a Live Activity. */
  activity(request: ActivityRequest): Promise<PushOutcome> {
    return this.#send(request, (topic) => buildActivityPush(request, topic));
  }

  health(): PushHealth {
    switch (this.#core.state) {
      case "disabled":
        return { state: "disabled", detail: "apns_not_configured" };
      case "broken":
        return { state: "failing", detail: this.#core.reason };
      case "ready":
        return this.#fault === undefined ? { state: "ok" } : { state: "failing", detail: this.#fault };
    }
  }

  stop(graceMs: number): Promise<void> {
    const connections = [...this.#connections.values()];
    for (const connection of connections) connection.refuseNew();
    return this.#inFlight.drain(graceMs, () =>
      Promise.all(connections.map((connection) => connection.destroy())),
    );
  }

  #send(addressed: Addressed, build: (topic: string) => ApnsPush): Promise<PushOutcome> {
    return this.#inFlight.track(this.#attempt(addressed, build));
  }

  async #attempt(request: Addressed, build: (topic: string) => ApnsPush): Promise<PushOutcome> {
    const { clock, topic, log } = this.#parts;
    const core = this.#core;
    if (core.state === "disabled") return { outcome: "config", reason: "apns_not_configured", latencyMs: 0 };
    if (core.state === "broken") return { outcome: "config", reason: core.reason, latencyMs: 0 };
    if (this.#inFlight.isOver) return { outcome: "retry", reason: "stopping", latencyMs: 0 };

    let push: ApnsPush;
    try {
      push = build(topic);
    } catch (error) {
      const reason = error instanceof EncryptionKeyError ? "encryption_key_invalid" : "payload_not_built";
      log.info("push.not_built", { deliveryId: request.deliveryId, reason });
      return { outcome: "dead", reason, latencyMs: 0 };
    }
    let connection: ApnsConnection;
    try {
      connection = this.#connect(request.target.environment, core);
    } catch (error) {
      this.#fault = "apns_client_failed";
      log.info("push.client_failed", { message: (error as Error).message });
      return { outcome: "config", reason: this.#fault, latencyMs: 0 };
    }

    const startedAt = clock.monotonic();
    const exchange = await connection.post(request.target.token, push.headers, push.payload);
    const now = clock.now();
    const outcome = judgeExchange(exchange, {
      deliveryId: request.deliveryId,
      now,
      latencyMs: clock.monotonic() - startedAt,
      tokenRefreshableAt: core.token.refreshableAt,
    });
    this.#noteHealth(outcome, request);
    return outcome;
  }

  #noteHealth(outcome: PushOutcome, request: Addressed): void {
    if (outcome.outcome === "sent") {
      this.#fault = undefined;
      return;
    }
    const { deliveryId } = request;
    this.#parts.log.info("push.not_sent", { deliveryId, ...outcome });
    // A topic that a device named for itself is the fault of that device, not of this server.
    if (request.target.topic !== undefined && request.target.topic !== this.#parts.topic) return;
    // An untrusted certificate is retried, because a hotel's network causes it too; but the owner should know.
    if (outcome.outcome === "config" || outcome.reason === "untrusted") this.#fault = outcome.reason;
    // Expired although we may not replace it yet: only a wrong clock does that.
    if (outcome.reason === "ExpiredProviderToken" && outcome.outcome === "retry") {
      const waits = (outcome.notBeforeAt ?? 0) > this.#parts.clock.now();
      if (waits) this.#fault = "ExpiredProviderToken: check this computer's clock";
    }
  }

  #connect(environment: ApnsEnvironment, core: Extract<Core, { state: "ready" }>): ApnsConnection {
    const open = this.#connections.get(environment);
    if (open !== undefined) return open;
    const { host, port } = this.#parts[environment];
    const connection = new ApnsConnection({
      host,
      port,
      ca: core.ca,
      key: core.key,
      token: core.token,
      requestTimeoutMs: this.#timing.requestTimeoutMs,
      timing: this.#timing,
      log: { info: (event, fields) => this.#parts.log.info(event, { environment, ...fields }) },
    });
    this.#connections.set(environment, connection);
    return connection;
  }
}

/** Reads key and authorities once, at start: a fault of theirs shows in health before the first push. */
function prepareCore(parts: ApnsSenderParts): Core {
  if (parts.key === undefined) return { state: "disabled" };
  const { keyId, teamId } = parts.key;
  let pem: string;
  try {
    pem = "pem" in parts.key ? parts.key.pem : readFileSync(parts.key.path, "utf8");
  } catch {
    return { state: "broken", reason: "apns_key_unreadable" };
  }
  try {
    const ca = parts.caPath === undefined ? undefined : readFileSync(parts.caPath, "utf8");
    const { clock, dataDir, log } = parts;
    loadNodeApn();
    const token = new ProviderToken({ clock, keyPem: pem, keyId, teamId, dataDir, log });
    return { state: "ready", token, key: { pem, keyId, teamId }, ca };
  } catch (error) {
    const unreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
    return { state: "broken", reason: unreadable ? "apns_ca_unreadable" : "apns_key_invalid" };
  }
}
