import { readFileSync } from "node:fs";
import { Agent } from "node:https";
import { isIP } from "node:net";
import type {
  PushChannel,
  PushHealth,
  PushOutcome,
  PushRequest,
  SyncRequest,
  WebPushPolicy,
  WebPushTarget,
} from "../../domain/delivery/push.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import { InFlight } from "../inFlight.ts";
import { isPublicAddress, lookupPublic } from "./publicAddress.ts";
import { keepVapidKeys, loadWebPush, VapidSignatures } from "./vapidKeys.ts";
import { buildWebPush, type WebPush } from "./webPushPayload.ts";
import { postWebPush } from "./webPushRequest.ts";
import { judgeWebPush } from "./webPushVerdict.ts";

/** Longest wait for one answer, ms; push services answer within a second. */
const requestTimeoutMs = 10_000;
/** Connections to one push service, and to all of them. */
const maxSockets = 8;
const maxTotalSockets = 64;

export interface WebPushSenderParts {
  clock: Pick<Clock, "now" | "monotonic">;
  /** Contact for the operators of push services (`mailto:` or `https:`). Absent: Web Push is off. */
  subject?: string;
  /** The page's address as phones reach it, without a path: a notification leads there. */
  pageUrl(): string;
  /** Folder of the VAPID keys. */
  dataDir: string;
  /** PEM file of the authorities to trust instead of the system's. TLS is verified in any case. */
  caPath?: string;
  /** Lets pushes go to this computer and its network: for tests, and for a push service of one's own. */
  allowPrivateEndpoints?: boolean;
  requestTimeoutMs?: number;
  /** Never given an endpoint, a key or any text of a push. */
  log: Pick<Log, "info">;
}

type Core =
  | { state: "disabled" }
  | { state: "broken"; reason: string }
  | { state: "ready"; publicKey: string; signatures: VapidSignatures; agent: Agent };

/**
 * Sender of Web Push: pushes to browsers through their push services (RFC 8030), encrypted for the one browser (RFC 8291)
 * and signed with the server's key (RFC 8292). Every failure is an outcome; `send` never rejects.
 * An endpoint is an address that a client names and the server calls: only public https addresses are called.
 */
export class WebPushSender implements PushChannel<WebPushTarget>, WebPushPolicy {
  readonly #parts: WebPushSenderParts;
  readonly #core: Core;
  readonly #inFlight = new InFlight();
  #fault: string | undefined;

  constructor(parts: WebPushSenderParts) {
    this.#parts = parts;
    this.#core = prepareCore(parts);
  }

  get publicKey(): string | undefined {
    return this.#core.state === "ready" ? this.#core.publicKey : undefined;
  }

  refusal(endpoint: string): string | undefined {
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (url?.protocol !== "https:") return "must be an https address";
    if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
    if (this.#parts.allowPrivateEndpoints) return undefined;
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
    const isPublic =
      isIP(host) === 0
        ? host.includes(".") && !/\.(localhost|local|internal|lan|home\.arpa)$/.test(host)
        : isPublicAddress(host);
    return isPublic ? undefined : "must be an address of the public Internet";
  }

  /** Sends one push once. Retries are the caller's; they carry the same delivery id, and replace each other by topic. */
  send(request: PushRequest<WebPushTarget>): Promise<PushOutcome> {
    return this.#inFlight.track(this.#attempt(request));
  }

  /** Browsers want every push to show something: there is no silent one to clear a badge with. */
  async sync({ deliveryId }: SyncRequest<WebPushTarget>): Promise<PushOutcome> {
    this.#parts.log.info("webpush.sync_not_possible", { deliveryId });
    return { outcome: "dead", reason: "no_silent_web_push", latencyMs: 0 };
  }

  health(): PushHealth {
    switch (this.#core.state) {
      case "disabled":
        return { state: "disabled", detail: "vapid_subject_not_set" };
      case "broken":
        return { state: "failing", detail: this.#core.reason };
      case "ready":
        return this.#fault === undefined ? { state: "ok" } : { state: "failing", detail: this.#fault };
    }
  }

  stop(graceMs: number): Promise<void> {
    const core = this.#core;
    return this.#inFlight.drain(graceMs, () => {
      if (core.state === "ready") core.agent.destroy();
    });
  }

  async #attempt(request: PushRequest<WebPushTarget>): Promise<PushOutcome> {
    const { clock, log, allowPrivateEndpoints } = this.#parts;
    const { deliveryId, target } = request;
    const core = this.#core;
    if (core.state === "disabled")
      return { outcome: "config", reason: "webpush_not_configured", latencyMs: 0 };
    if (core.state === "broken") return { outcome: "config", reason: core.reason, latencyMs: 0 };
    if (this.#inFlight.isOver) return { outcome: "retry", reason: "stopping", latencyMs: 0 };
    if (this.refusal(target.endpoint)) return { outcome: "dead", reason: "endpoint_refused", latencyMs: 0 };

    const startedAt = clock.monotonic();
    const audience = new URL(target.endpoint).origin;
    let prepared: { headers: Record<string, string | number>; body: Buffer };
    try {
      prepared = buildRequest(buildWebPush(request, clock.now(), this.#parts.pageUrl()), target, {
        authorization: core.signatures.authorizationFor(audience),
      });
    } catch (error) {
      log.info("webpush.not_built", { deliveryId, message: (error as Error).message });
      return { outcome: "dead", reason: "payload_not_built", latencyMs: 0 };
    }
    const exchange = await postWebPush({
      endpoint: target.endpoint,
      ...prepared,
      agent: core.agent,
      lookup: allowPrivateEndpoints ? undefined : lookupPublic,
      timeoutMs: this.#parts.requestTimeoutMs ?? requestTimeoutMs,
    });
    const latencyMs = clock.monotonic() - startedAt;
    const outcome = judgeWebPush(exchange, { deliveryId, now: clock.now(), latencyMs });
    if (outcome.outcome === "config") core.signatures.renew(audience);
    this.#note(outcome, deliveryId);
    return outcome;
  }

  #note(outcome: PushOutcome, deliveryId: string): void {
    if (outcome.outcome === "sent") {
      this.#fault = undefined;
      return;
    }
    this.#parts.log.info("webpush.not_sent", { deliveryId, ...outcome });
    if (outcome.outcome === "config" || outcome.reason === "untrusted") this.#fault = outcome.reason;
  }
}

/** Headers and encrypted body of one push. Throws when the subscription's keys are none. */
function buildRequest(push: WebPush, { endpoint, keys }: WebPushTarget, signed: { authorization: string }) {
  const { plaintext, ttlSeconds, urgency, topic } = push;
  const { headers, body } = loadWebPush().generateRequestDetails({ endpoint, keys }, plaintext, {
    TTL: ttlSeconds,
    urgency,
    topic,
    contentEncoding: "aes128gcm",
  });
  return { headers: { ...headers, Authorization: signed.authorization }, body };
}

/** Keys and authorities, once, at start: a fault of theirs shows in health before the first push. */
function prepareCore({ clock, subject, dataDir, caPath, log }: WebPushSenderParts): Core {
  if (subject === undefined) return { state: "disabled" };
  let ca: string | undefined;
  try {
    ca = caPath === undefined ? undefined : readFileSync(caPath, "utf8");
  } catch {
    return { state: "broken", reason: "webpush_ca_unreadable" };
  }
  try {
    const keys = keepVapidKeys(dataDir);
    const agent = new Agent({
      keepAlive: true,
      maxSockets: maxSockets,
      maxTotalSockets: maxTotalSockets,
      ca,
    });
    const signatures = new VapidSignatures({ keys, subject, clock });
    return { state: "ready", publicKey: keys.publicKey, signatures, agent };
  } catch (error) {
    // The name only: the message of JSON.parse quotes the file.
    log.info("webpush.keys_unusable", { error: (error as Error).name });
    return { state: "broken", reason: "vapid_keys_unusable" };
  }
}
