import { homedir } from "node:os";
import { delimiter, resolve } from "node:path";
import { z } from "zod";
import { isLoopback } from "../platform/listener.ts";
import { type LimitName, limitTable, limitValueSchema } from "../wire/settings.ts";

/** Every fault of a configuration at once; `main` prints them and exits with 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly faults: string[];
  constructor(faults: string[]) {
    super(
      `The configuration has ${faults.length === 1 ? "a fault" : `${faults.length} faults`}: ${faults.join("; ")}`,
    );
    this.faults = faults;
  }
}

// An empty value in a .env file means "not set".
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === "" ? undefined : value), schema.optional());
const number = (fallback: number, min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (value === undefined || value === "" ? fallback : Number(value)),
    z
      .number({ error: "must be a number" })
      .min(min, `must be at least ${min}`)
      .max(max, `must be at most ${max}`),
  );
/** One of the limits that the owner may also change while the server runs. */
const limit = (name: LimitName) =>
  z.preprocess(
    (value) => (value === undefined || value === "" ? limitTable[name].fallback : Number(value)),
    limitValueSchema(limitTable[name]),
  );
const flag = (fallback: boolean) =>
  z.preprocess(
    (value) => (value === undefined || value === "" ? String(fallback) : String(value).toLowerCase()),
    z.enum(["true", "false"], { error: "must be true or false" }).transform((value) => value === "true"),
  );
const port = (fallback: number) =>
  number(fallback, 0, 65_535).refine(Number.isInteger, "must be a whole number");
const text = optional(z.string());
const expandHome = (path: string) => resolve(path.replace(/^~(?=$|\/)/, homedir()));

/** The environment as the contract names it; numbers may be fractions. */
const environmentSchema = z.object({
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: port(3000),
  TLS: optional(z.enum(["self-signed"], { error: 'must be "self-signed" or unset' })),
  TLS_CERT_PATH: text,
  TLS_KEY_PATH: text,
  ALLOW_PLAINTEXT_LAN: flag(false),
  PUBLIC_URL: optional(z.url()),
  DATA_DIR: z.string().min(1).default("~/.daylong"),
  PROJECT_ROOTS: z.string().min(1).default("~"),
  MAX_CONCURRENT_SESSIONS: limit("maxConcurrentSessions"),
  MAX_QUEUED_TURNS: limit("maxQueuedTurns"),
  SESSION_TIMEOUT_HOURS: limit("sessionTimeoutHours"),
  SESSION_WARNING_HOURS: limit("sessionWarningHours"),
  SESSION_FINAL_WARNING_MINUTES: limit("sessionFinalWarningMinutes"),
  SESSION_IDLE_MINUTES: optional(limit("sessionIdleMinutes")),
  MAX_TOTAL_MEMORY_GB: limit("maxTotalMemoryGb"),
  MAX_MEMORY_PER_SESSION_MB: limit("maxMemoryPerSessionMb"),
  CPU_USAGE_LIMIT_PERCENT: limit("cpuUsageLimitPercent"),
  HEALTH_INTERVAL_SECONDS: limit("healthIntervalSeconds"),
  RESOURCE_SAMPLE_SECONDS: limit("resourceSampleSeconds"),
  TURN_STALL_MINUTES: limit("turnStallMinutes"),
  PREWARMED_PROCESSES: limit("prewarmedProcesses"),
  USE_INTERACTIVE_SESSIONS: flag(true),
  PERMISSION_TIMEOUT_MINUTES: limit("permissionTimeoutMinutes"),
  PUSH_GRACE_MS: limit("pushGraceMs"),
  APNS_KEY_PATH: text,
  APNS_KEY_ID: text,
  APNS_TEAM_ID: text,
  APNS_BUNDLE_ID: text,
  APNS_ENVIRONMENT: z.enum(["sandbox", "production"]).default("production"),
  APNS_HOST: text,
  APNS_PORT: port(443),
  APNS_SANDBOX_HOST: text,
  APNS_SANDBOX_PORT: port(443),
  APNS_CA_PATH: text,
  VAPID_SUBJECT: optional(
    z.string().regex(/^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/, "must be a mailto: or https: address"),
  ),
  WEB_PUSH_CA_PATH: text,
  WEB_PUSH_ALLOW_PRIVATE: flag(false),
  ALLOW_BYPASS_PERMISSIONS: flag(false),
  SHUTDOWN_GRACE_SECONDS: limit("shutdownGraceSeconds"),
  RETENTION_DAYS: limit("retentionDays"),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  CLAUDE_BIN: text,
  CLAUDE_MODEL: text,
});

/** Every variable that is a setting of the server's own. */
export const settingNames: readonly string[] = Object.keys(environmentSchema.shape);

const hour = 3_600_000;
type Environment = Readonly<Record<string, string | undefined>>;
type Settings = z.output<typeof environmentSchema>;

/** What is wrong with the settings together. Those that are faulty by themselves are left out of `e`. */
function faultsBetween(e: Partial<Settings>, environment: Environment): string[] {
  const faults: string[] = [];
  const isSet = (name: keyof Settings) => (environment[name] ?? "") !== "";
  const apnsNames = ["APNS_KEY_PATH", "APNS_KEY_ID", "APNS_TEAM_ID", "APNS_BUNDLE_ID"] as const;
  const missing = apnsNames.filter((name) => !isSet(name));
  if (missing.length > 0 && missing.length < apnsNames.length) {
    faults.push(`${missing.join(", ")}: needed as well, because other APNS_ variables are set`);
  }
  if (isSet("TLS_CERT_PATH") !== isSet("TLS_KEY_PATH")) {
    faults.push("TLS_CERT_PATH, TLS_KEY_PATH: set both or none");
  }
  if (isSet("TLS") && isSet("TLS_CERT_PATH")) faults.push("TLS: leave it unset with TLS_CERT_PATH");
  const isPlain = !isSet("TLS") && !isSet("TLS_CERT_PATH") && e.ALLOW_PLAINTEXT_LAN === false;
  if (e.HOST !== undefined && !isLoopback(e.HOST) && isPlain) {
    faults.push(
      "HOST: an address beyond this computer needs TLS (TLS=self-signed, or TLS_CERT_PATH and TLS_KEY_PATH), " +
        "or ALLOW_PLAINTEXT_LAN=true behind a tunnel or proxy",
    );
  }
  const { SESSION_WARNING_HOURS: warning, SESSION_TIMEOUT_HOURS: term } = e;
  if (warning !== undefined && term !== undefined && warning > term) {
    faults.push("SESSION_WARNING_HOURS: must not be more than SESSION_TIMEOUT_HOURS");
  }
  return faults;
}

/** Environment -> frozen configuration. Throws a ConfigError that lists every fault; values are never repeated in it. */
export function readConfig(environment: Environment) {
  const faults: string[] = [];
  const sound: Record<string, unknown> = {};
  // One by one: a fault of one must not hide what is wrong between the others.
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    const parsed = schema.safeParse(environment[name]);
    if (parsed.success) sound[name] = parsed.data;
    else faults.push(...parsed.error.issues.map(({ message }) => `${name}: ${message}`));
  }
  faults.push(...faultsBetween(sound, environment));
  if (faults.length > 0) throw new ConfigError(faults);
  const e = sound as Settings;

  return Object.freeze({
    host: e.HOST,
    port: e.PORT,
    tls:
      e.TLS_CERT_PATH && e.TLS_KEY_PATH
        ? ({
            kind: "files",
            certPath: expandHome(e.TLS_CERT_PATH),
            keyPath: expandHome(e.TLS_KEY_PATH),
          } as const)
        : e.TLS
          ? ({ kind: "self-signed" } as const)
          : undefined,
    publicUrl: e.PUBLIC_URL,
    dataDir: expandHome(e.DATA_DIR),
    projectRoots: e.PROJECT_ROOTS.split(delimiter).filter(Boolean).map(expandHome),
    maxConcurrentSessions: e.MAX_CONCURRENT_SESSIONS,
    maxQueuedTurns: e.MAX_QUEUED_TURNS,
    lease: {
      termMs: e.SESSION_TIMEOUT_HOURS * hour,
      warnAfterMs: e.SESSION_WARNING_HOURS * hour,
      finalWarningMs: e.SESSION_FINAL_WARNING_MINUTES * 60_000,
    },
    idleParkMs: (e.SESSION_IDLE_MINUTES ?? 0) * 60_000,
    // Nobody closes a conversation of /v1.
    conversationIdleParkMs: (e.SESSION_IDLE_MINUTES ?? 30) * 60_000,
    memoryLimitBytes: e.MAX_TOTAL_MEMORY_GB * 1_024 ** 3,
    sessionMemoryLimitBytes: e.MAX_MEMORY_PER_SESSION_MB * 1_024 ** 2,
    cpuLimitPercent: e.CPU_USAGE_LIMIT_PERCENT,
    healthMs: e.HEALTH_INTERVAL_SECONDS * 1_000,
    stallMs: Math.round(e.TURN_STALL_MINUTES * 60_000),
    spareProcesses: e.PREWARMED_PROCESSES,
    interactive: e.USE_INTERACTIVE_SESSIONS,
    sampleMs: e.RESOURCE_SAMPLE_SECONDS * 1_000,
    permissionTimeoutMs: Math.round(e.PERMISSION_TIMEOUT_MINUTES * 60_000),
    pushGraceMs: e.PUSH_GRACE_MS,
    apns:
      e.APNS_KEY_PATH && e.APNS_KEY_ID && e.APNS_TEAM_ID && e.APNS_BUNDLE_ID
        ? {
            keyPath: expandHome(e.APNS_KEY_PATH),
            keyId: e.APNS_KEY_ID,
            teamId: e.APNS_TEAM_ID,
            bundleId: e.APNS_BUNDLE_ID,
          }
        : undefined,
    apnsEnvironment: e.APNS_ENVIRONMENT,
    // Apple's hosts: developer.apple.com, "Sending notification requests to APNs".
    apnsHosts: {
      production: { host: e.APNS_HOST ?? "api.push.apple.com", port: e.APNS_PORT },
      sandbox: { host: e.APNS_SANDBOX_HOST ?? "api.sandbox.push.apple.com", port: e.APNS_SANDBOX_PORT },
    },
    apnsCaPath: e.APNS_CA_PATH ? expandHome(e.APNS_CA_PATH) : undefined,
    webPush: {
      subject: e.VAPID_SUBJECT,
      caPath: e.WEB_PUSH_CA_PATH ? expandHome(e.WEB_PUSH_CA_PATH) : undefined,
      allowPrivateEndpoints: e.WEB_PUSH_ALLOW_PRIVATE,
    },
    allowBypassPermissions: e.ALLOW_BYPASS_PERMISSIONS,
    shutdownGraceMs: e.SHUTDOWN_GRACE_SECONDS * 1_000,
    retentionMs: e.RETENTION_DAYS * 24 * hour,
    logLevel: e.LOG_LEVEL,
    claudeBinary: e.CLAUDE_BIN,
    claudeModel: e.CLAUDE_MODEL ?? null,
  });
}

export type Config = ReturnType<typeof readConfig>;
