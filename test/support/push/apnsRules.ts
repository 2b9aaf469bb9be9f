import { type KeyObject, verify } from "node:crypto";

/** A status with Apple's reason for it. */
export interface ApnsFinding {
  status: number;
  reason: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
/** Seconds since the epoch. Milliseconds would be read as a day in the year 50,000. */
const isInstant = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) > 1e9 && Number(value) < 1e11;

/**
 * What ActivityKit wants in `aps` ("Starting and updating Live Activities with ActivityKit push notifications"). Apple's
 * servers let most of it pass, and the phone then ignores the push without a word: here it is told.
 */
export function findActivityFault(aps: Record<string, unknown>): string | undefined {
  const { event, alert } = aps;
  if (event !== "start" && event !== "update" && event !== "end") return "event";
  if (!isInstant(aps.timestamp)) return "timestamp";
  if (!isObject(aps["content-state"])) return "content-state";
  for (const name of ["stale-date", "dismissal-date"]) {
    if (name in aps && !isInstant(aps[name])) return name;
  }
  if ("dismissal-date" in aps && event !== "end") return "dismissal-date without an end";
  for (const name of ["badge", "content-available", "category", "mutable-content"]) {
    if (name in aps) return name;
  }
  if (event !== "start") return "attributes" in aps ? "attributes" : undefined;
  if (typeof aps["attributes-type"] !== "string") return "attributes-type";
  if (!isObject(aps.attributes)) return "attributes";
  const isTold = isObject(alert) && typeof alert.title === "string" && typeof alert.body === "string";
  return isTold ? undefined : "alert";
}

/** What the rules are checked against. */
export interface ApnsRuleBook {
  publicKey: KeyObject;
  keyId: string;
  teamId: string;
  topics: string[];
  /** Instant in ms since the epoch. */
  now: number;
  /** Whether a device token belongs to this environment; one of the other environment is `BadDeviceToken`. */
  knows?: (deviceToken: string) => boolean;
  /** The newest provider token that was shown, whoever showed it: Apple counts how often it is replaced. */
  lastToken?: { jwt: string; iat: number };
}

export interface ApnsIncoming {
  method: string;
  path: string;
  headers: Record<string, string>;
  /** Names of headers that came more than once. */
  repeated?: string[];
  body: Buffer;
}

const pushTypes = new Set([
  "alert",
  "background",
  "complication",
  "controls",
  "fileprovider",
  "liveactivity",
  "location",
  "mdm",
  "pushtotalk",
  "voip",
  "widgets",
]);
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const HOUR_S = 3600;
/** A provider token may be replaced once in 20 minutes. */
const UPDATE_S = 20 * 60;

/**
 * Checks one request by Apple's documented rules ("Sending notification requests to APNs", "Handling notification
 * responses from APNs") and returns the first fault, or undefined when Apple would accept it.
 */
export function findApnsFault(request: ApnsIncoming, processStore: ApnsRuleBook): ApnsFinding | undefined {
  return (
    findPathFault(request, processStore) ??
    findTokenFault(request.headers.authorization, processStore) ??
    (request.repeated?.length ? { status: 400, reason: "DuplicateHeaders" } : undefined) ??
    findHeaderFault(request.headers, processStore) ??
    findPayloadFault(request)
  );
}

function findPathFault({ method, path }: ApnsIncoming, processStore: ApnsRuleBook): ApnsFinding | undefined {
  if (method !== "POST") return { status: 405, reason: "MethodNotAllowed" };
  const match = /^\/3\/device\/(.*)$/.exec(path);
  if (match === null) return { status: 404, reason: "BadPath" };
  const token = match[1] ?? "";
  if (token === "") return { status: 400, reason: "MissingDeviceToken" };
  const isKnown = /^([0-9a-f]{2}){16,100}$/i.test(token) && (processStore.knows?.(token) ?? true);
  return isKnown ? undefined : { status: 400, reason: "BadDeviceToken" };
}

function findTokenFault(
  authorization: string | undefined,
  processStore: ApnsRuleBook,
): ApnsFinding | undefined {
  if (authorization === undefined) return { status: 403, reason: "MissingProviderToken" };
  const invalid = { status: 403, reason: "InvalidProviderToken" };
  const jwt = authorization.replace(/^bearer /i, "");
  const [header = "", claims = "", signature = ""] = jwt.split(".");
  const key = { key: processStore.publicKey, dsaEncoding: "ieee-p1363" as const };
  if (!verify("sha256", Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, "base64url"))) {
    return invalid;
  }
  const { alg, kid } = decode(header);
  const { iss, iat } = decode(claims);
  if (alg !== "ES256" || kid !== processStore.keyId || iss !== processStore.teamId) return invalid;
  if (typeof iat !== "number" || !Number.isInteger(iat)) return invalid;
  const ageSeconds = processStore.now / 1000 - iat;
  if (ageSeconds > HOUR_S) return { status: 403, reason: "ExpiredProviderToken" };
  if (ageSeconds < -HOUR_S) return invalid;
  const last = processStore.lastToken;
  if (last !== undefined && jwt !== last.jwt && iat >= last.iat && iat - last.iat < UPDATE_S) {
    return { status: 429, reason: "TooManyProviderTokenUpdates" };
  }
  if (last === undefined || iat >= last.iat) processStore.lastToken = { jwt, iat };
  return undefined;
}

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function findHeaderFault(
  headers: Record<string, string>,
  processStore: ApnsRuleBook,
): ApnsFinding | undefined {
  const topic = headers["apns-topic"];
  if (topic === undefined) return { status: 400, reason: "MissingTopic" };
  const bundle = topic.replace(/\.(push-type\.liveactivity|voip|complication)$/, "");
  if (!processStore.topics.includes(bundle)) return { status: 400, reason: "TopicDisallowed" };
  const id = headers["apns-id"];
  if (id !== undefined && !uuid.test(id)) return { status: 400, reason: "BadMessageId" };
  if (Buffer.byteLength(headers["apns-collapse-id"] ?? "") > 64)
    return { status: 400, reason: "BadCollapseId" };
  const expiration = headers["apns-expiration"];
  if (expiration !== undefined && !/^\d{1,10}$/.test(expiration)) {
    return { status: 400, reason: "BadExpirationDate" };
  }
  const type = headers["apns-push-type"];
  // Apple requires the type since iOS 13; what leaves it out is a bug of ours.
  if (type === undefined || !pushTypes.has(type)) return { status: 400, reason: "InvalidPushType" };
  const isActivityTopic = topic.endsWith(".push-type.liveactivity");
  if (type === "liveactivity" && !isActivityTopic) return { status: 400, reason: "BadTopic" };
  if (type !== "liveactivity" && isActivityTopic) return { status: 400, reason: "InvalidPushType" };
  const priority = headers["apns-priority"] ?? "10";
  if (!["1", "5", "10"].includes(priority)) return { status: 400, reason: "BadPriority" };
  if (type === "liveactivity" && priority === "1") return { status: 400, reason: "BadPriority" };
  return type === "background" && priority !== "5" ? { status: 400, reason: "BadPriority" } : undefined;
}

// Apple has no reason of its own for a payload that is not JSON or has no `aps`; PayloadEmpty comes nearest.
function findPayloadFault({ body, headers }: ApnsIncoming): ApnsFinding | undefined {
  if (body.length === 0) return { status: 400, reason: "PayloadEmpty" };
  if (body.length > 4096) return { status: 413, reason: "PayloadTooLarge" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    const { aps } = JSON.parse(text) as { aps?: Record<string, unknown> };
    if (typeof aps !== "object" || aps === null) return { status: 400, reason: "PayloadEmpty" };
    const background = headers["apns-push-type"] === "background";
    const visible = "alert" in aps || "sound" in aps || "badge" in aps;
    if (background && (visible || aps["content-available"] !== 1)) {
      return { status: 400, reason: "InvalidPushType" };
    }
    if (headers["apns-push-type"] === "liveactivity") {
      const fault = findActivityFault(aps);
      return fault === undefined ? undefined : { status: 400, reason: `BadActivity: ${fault}` };
    }
    return undefined;
  } catch {
    return { status: 400, reason: "PayloadEmpty" };
  }
}
