import { homedir } from "node:os";
import { delimiter, resolve } from "node:path";
import { z } from "zod";
import {
  environmentName,
  type Limit,
  type LimitName,
  limitNames,
  limitTable,
  limitValues,
} from "../domain/limits.ts";
import { isLoopback } from "../platform/listener.ts";
import { limitValueSchema } from "../wire/settings.ts";

/** Error of a configuration, with all of its faults at once; `main` prints them and exits with 78 (EX_CONFIG of sysexits.h). */
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
const number = (limit: Omit<Limit, "live">) =>
  z.preprocess(
    (value) => (value === undefined || value === "" ? limit.fallback : Number(value)),
    limitValueSchema(limit),
  );
const flag = (fallback: boolean) =>
  z.preprocess(
    (value) => (value === undefined || value === "" ? String(fallback) : String(value).toLowerCase()),
    z.enum(["true", "false"], { error: "must be true or false" }).transform((value) => value === "true"),
  );
const port = (fallback: number) => number({ fallback, min: 0, max: 65_535, whole: true });
const text = optional(z.string());
const expandHome = (path: string) => resolve(path.replace(/^~(?=$|\/)/, homedir()));

/** The variables that are no limits. */
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
  USE_INTERACTIVE_SESSIONS: flag(true),
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
  CHAT_MAY_ACCEPT_EDITS: flag(true),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  CLAUDE_BIN: text,
  CLAUDE_MODEL: text,
});

/** Every variable that is a setting of the server's own. */
export const settingNames: readonly string[] = [
  ...Object.keys(environmentSchema.shape),
  ...limitNames.map(environmentName),
];

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = z.output<typeof environmentSchema>;

/** The faults between settings that are valid by themselves; the others are left out of `e` and `limits`. */
function faultsBetween(
  e: Partial<Settings>,
  limits: Partial<Record<LimitName, number>>,
  environment: Environment,
): string[] {
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
  const { sessionWarningHours: warning, sessionTimeoutHours: term } = limits;
  if (warning !== undefined && term !== undefined && warning > term) {
    faults.push("SESSION_WARNING_HOURS: must not be more than SESSION_TIMEOUT_HOURS");
  }
  return faults;
}

/** Environment -> frozen configuration. Throws a ConfigError that lists every fault; values are never repeated in it. */
export function readConfig(environment: Environment) {
  const faults: string[] = [];
  // Setting by setting: a fault of one must not hide the faults between the others.
  const parse = <T>(name: string, schema: z.ZodType<T>): T | undefined => {
    const parsed = schema.safeParse(environment[name]);
    if (!parsed.success) faults.push(...parsed.error.issues.map(({ message }) => `${name}: ${message}`));
    return parsed.data;
  };
  const present = (entries: Array<[string, unknown]>) =>
    Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  const sound = present(
    Object.entries(environmentSchema.shape).map(([name, schema]) => [name, parse<unknown>(name, schema)]),
  );
  const soundLimits = present(
    limitNames.map((name) => [name, parse(environmentName(name), number(limitTable[name]))]),
  );
  faults.push(...faultsBetween(sound, soundLimits, environment));
  if (faults.length > 0) throw new ConfigError(faults);
  const e = sound as Settings;
  const limits = limitValues(soundLimits as Record<LimitName, number>);
  const parksIdle = (environment[environmentName("sessionIdleMinutes")] ?? "") !== "";

  return Object.freeze({
    ...limits,
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
    // Conversations of /v1 have no client that closes them.
    conversationIdleMs: parksIdle ? limits.sessionIdleMs : 30 * 60_000,
    // As long as a stop may take: an interrupt, or a turn at the end of its lease, waits no longer than a stop does.
    drainMs: Math.max(1_000, limits.shutdownGraceMs),
    interactive: e.USE_INTERACTIVE_SESSIONS,
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
    chatMayAcceptEdits: e.CHAT_MAY_ACCEPT_EDITS,
    logLevel: e.LOG_LEVEL,
    claudeBinary: e.CLAUDE_BIN,
    claudeModel: e.CLAUDE_MODEL ?? null,
  });
}

export type Config = ReturnType<typeof readConfig>;
