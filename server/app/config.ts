import { delimiter } from "node:path";
import { z } from "zod";
import { machineMemoryBytes } from "../claude/os/machine.ts";
import {
  autoValue,
  environmentName,
  fallbackOf,
  type Limit,
  type LimitName,
  limitNames,
  limitTable,
  limitValues,
} from "../domain/limits.ts";
import { expandPath } from "../platform/filesystem/paths.ts";
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

/** An empty value means "not set", here as in a .env file. */
const setOrNot = (value: unknown): string | undefined => {
  const text = value === undefined ? "" : String(value).trim();
  return text === "" ? undefined : text;
};
const optional = <T extends z.ZodType>(schema: T) => z.preprocess(setOrNot, schema.optional());
const withDefault = (fallback: string) => z.preprocess((value) => setOrNot(value) ?? fallback, z.string());
/** One of some words, in letters of any size. */
const word = <const T extends readonly [string, ...string[]]>(words: T, fallback: T[number]) =>
  z.preprocess(
    (value) => setOrNot(value)?.toLowerCase() ?? fallback,
    z.enum(words, { error: `must be one of ${words.join(", ")}` }),
  );
const number = (limit: Omit<Limit, "live">) =>
  z.preprocess((value) => {
    const text = setOrNot(value);
    if (text === undefined) return limit.fallback;
    return text.toLowerCase() === "auto" ? "auto" : Number(text);
  }, limitValueSchema(limit));
/** A limit in the code: `auto` is a number there. */
const limitNumber = (limit: Limit) =>
  number(limit).transform((value) => (value === "auto" ? autoValue : value));
const flag = (fallback: boolean) =>
  z.preprocess(
    (value) => setOrNot(value)?.toLowerCase() ?? String(fallback),
    z.enum(["true", "false"], { error: "must be true or false" }).transform((value) => value === "true"),
  );
const port = (fallback: number) =>
  number({ fallback, min: 0, max: 65_535, whole: true }).transform((value) => Number(value));
const text = optional(z.string());
const absolute = (path: string) => expandPath(path, process.cwd());

/**
 * A contact that push services take (RFC 8292, 2.1). Apple's refuses `localhost` and other names that nobody outside can
 * reach, with every push.
 */
function isReachableContact(contact: string): boolean {
  const host = /^mailto:[^@\s]+@([^@\s]+)$/.exec(contact)?.[1] ?? webHostOf(contact);
  return (
    host !== undefined && /^[^.].*\.[a-z][a-z0-9-]*$/i.test(host) && !/\.(?:localhost|local)$/i.test(host)
  );
}

const webHostOf = (address: string): string | undefined =>
  /^https:\/\/\S+$/.test(address) && URL.canParse(address) ? new URL(address).hostname : undefined;

/** The data folder when nothing says where it is. */
export const defaultDataDir = "~/.daylong";

/** The variables that are no limits. */
const environmentSchema = z.object({
  HOST: withDefault("127.0.0.1"),
  PORT: port(3000),
  TLS: z.preprocess(
    (value) => setOrNot(value)?.toLowerCase(),
    z.enum(["self-signed"], { error: 'must be "self-signed" or unset' }).optional(),
  ),
  TLS_CERT_PATH: text,
  TLS_KEY_PATH: text,
  ALLOW_PLAINTEXT_LAN: flag(false),
  PUBLIC_URL: optional(z.url()),
  DATA_DIR: withDefault(defaultDataDir),
  PROJECT_ROOTS: withDefault("~"),
  USE_INTERACTIVE_SESSIONS: flag(true),
  APNS_KEY_PATH: text,
  APNS_KEY_ID: text,
  APNS_TEAM_ID: text,
  APNS_BUNDLE_ID: text,
  APNS_ENVIRONMENT: word(["sandbox", "production"], "production"),
  APNS_HOST: text,
  APNS_PORT: port(443),
  APNS_SANDBOX_HOST: text,
  APNS_SANDBOX_PORT: port(443),
  APNS_CA_PATH: text,
  VAPID_SUBJECT: optional(
    z
      .string()
      .refine(
        isReachableContact,
        "must be a mailto: or https: address of the public internet, such as mailto:you@example.org: push services refuse others",
      ),
  ),
  WEB_PUSH_CA_PATH: text,
  WEB_PUSH_ALLOW_PRIVATE: flag(false),
  ALLOW_BYPASS_PERMISSIONS: flag(false),
  CHAT_MAY_ACCEPT_EDITS: flag(true),
  SUGGESTIONS: flag(true),
  AGENT_SUMMARIES: flag(false),
  LOG_LEVEL: word(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info"),
  DENIED_PATHS: text,
  SANDBOX: flag(false),
  KEEP_AWAKE: word(["work", "lease", "off"], "work"),
  CLI_ENV_PASS: text,
  CLAUDE_BIN: text,
  CLAUDE_MODEL: text,
});

/** Every variable that is a setting of the server's own. */
export const settingNames: readonly string[] = [
  ...Object.keys(environmentSchema.shape),
  ...limitNames.map(environmentName),
];

/** Where a phone never needs to look: keys, accounts, passwords, and what browsers keep. */
const defaultDeniedPaths = [
  ...["~/.ssh", "~/.gnupg", "~/.aws", "~/.kube", "~/.config/gcloud", "~/.netrc", "~/.password-store"],
  ...["~/.mozilla", "~/.config/google-chrome", "~/.config/chromium", "~/.config/BraveSoftware"],
  ...[
    "~/.config/microsoft-edge",
    "~/.config/vivaldi",
    "~/.config/opera",
    "~/snap/firefox",
    "~/snap/chromium",
  ],
  ...["~/.var/app/org.mozilla.firefox", "~/.var/app/com.google.Chrome", "~/.var/app/org.chromium.Chromium"],
  ...[
    "~/Library/Keychains",
    "~/Library/Cookies",
    "~/Library/Safari",
    "~/Library/Containers/com.apple.Safari",
  ],
  ...["Google/Chrome", "Chromium", "Firefox", "BraveSoftware", "Microsoft Edge", "Vivaldi", "Arc"].map(
    (name) => `~/Library/Application Support/${name}`,
  ),
];

/** Variables whose value is a path; `CLAUDE_CONFIG_DIR` is the CLI's own. */
export const pathSettings = [
  "DATA_DIR",
  "TLS_CERT_PATH",
  "TLS_KEY_PATH",
  "APNS_KEY_PATH",
  "APNS_CA_PATH",
  "WEB_PUSH_CA_PATH",
  "CLAUDE_BIN",
  "CLAUDE_CONFIG_DIR",
];
export const pathListSettings = ["PROJECT_ROOTS", "DENIED_PATHS"];
/** A name that another server of this kind has for the rollback. */
export const settingAliases = {
  CLAUDE_CODE__CLAUDE__USE_INTERACTIVE_SESSIONS: "USE_INTERACTIVE_SESSIONS",
};

type Environment = Readonly<Record<string, string | undefined>>;
type Settings = z.output<typeof environmentSchema>;

/** The faults between settings that are valid by themselves; the others are left out of `e` and `limits`. */
function faultsBetween(
  e: Partial<Settings>,
  limits: Partial<Record<LimitName, number>>,
  environment: Environment,
): string[] {
  const faults: string[] = [];
  const isSet = (name: keyof Settings) => setOrNot(environment[name]) !== undefined;
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
export function readConfig(environment: Environment, machineBytes = machineMemoryBytes()) {
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
    limitNames.map((name) => {
      const limit = Object.assign({ ...limitTable[name] }, { fallback: fallbackOf(name, machineBytes) });
      return [name, parse(environmentName(name), limitNumber(limit))];
    }),
  );
  faults.push(...faultsBetween(sound, soundLimits, environment));
  if (faults.length > 0) throw new ConfigError(faults);
  const e = sound as Settings;
  const limits = limitValues(soundLimits as Record<LimitName, number>);
  const parksIdle = setOrNot(environment[environmentName("sessionIdleMinutes")]) !== undefined;

  return Object.freeze({
    ...limits,
    host: e.HOST,
    port: e.PORT,
    tls:
      e.TLS_CERT_PATH && e.TLS_KEY_PATH
        ? ({
            kind: "files",
            certPath: absolute(e.TLS_CERT_PATH),
            keyPath: absolute(e.TLS_KEY_PATH),
          } as const)
        : e.TLS
          ? ({ kind: "self-signed" } as const)
          : undefined,
    publicUrl: e.PUBLIC_URL,
    dataDir: absolute(e.DATA_DIR),
    projectRoots: e.PROJECT_ROOTS.split(delimiter).filter(Boolean).map(absolute),
    // Conversations of /v1 have no client that closes them.
    conversationIdleMs: parksIdle ? limits.sessionIdleMs : 30 * 60_000,
    // As long as a stop may take: an interrupt, or a turn at the end of its lease, waits no longer than a stop does.
    drainMs: Math.max(1_000, limits.shutdownGraceMs),
    interactive: e.USE_INTERACTIVE_SESSIONS,
    apns:
      e.APNS_KEY_PATH && e.APNS_KEY_ID && e.APNS_TEAM_ID && e.APNS_BUNDLE_ID
        ? {
            keyPath: absolute(e.APNS_KEY_PATH),
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
    apnsCaPath: e.APNS_CA_PATH ? absolute(e.APNS_CA_PATH) : undefined,
    webPush: {
      subject: e.VAPID_SUBJECT,
      caPath: e.WEB_PUSH_CA_PATH ? absolute(e.WEB_PUSH_CA_PATH) : undefined,
      allowPrivateEndpoints: e.WEB_PUSH_ALLOW_PRIVATE,
    },
    allowBypassPermissions: e.ALLOW_BYPASS_PERMISSIONS,
    chatMayAcceptEdits: e.CHAT_MAY_ACCEPT_EDITS,
    features: { suggestions: e.SUGGESTIONS, agentSummaries: e.AGENT_SUMMARIES },
    deniedPaths: (e.DENIED_PATHS?.split(delimiter) ?? defaultDeniedPaths).filter(Boolean).map(absolute),
    sandbox: e.SANDBOX,
    keepAwake: e.KEEP_AWAKE,
    cliEnvPass: (e.CLI_ENV_PASS?.split(delimiter) ?? []).map((name) => name.trim()).filter(Boolean),
    logLevel: e.LOG_LEVEL,
    claudeBinary: e.CLAUDE_BIN,
    claudeModel: e.CLAUDE_MODEL ?? null,
  });
}

export type Config = ReturnType<typeof readConfig>;

/** Whether a variable of the owner's choice goes to the CLI: a name, or the beginning of names before a `*`; never ours. */
export const passesToCli = ({ cliEnvPass }: Pick<Config, "cliEnvPass">, name: string): boolean =>
  !settingNames.includes(name) &&
  !name.startsWith("DAYLONG_") &&
  cliEnvPass.some((chosen) =>
    chosen.endsWith("*") ? name.startsWith(chosen.slice(0, -1)) : name === chosen,
  );
