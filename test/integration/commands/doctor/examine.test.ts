import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { generate } from "selfsigned";
import { readConfig } from "../../../../server/app/config.ts";
import { examine } from "../../../../server/commands/doctor/examine.ts";
import type { Finding, Patient } from "../../../../server/commands/doctor/finding.ts";
import { dateOf, readSoundly } from "../../../../server/commands/doctor/patient.ts";
import { runProgram } from "../../../../server/platform/runProgram.ts";
import { keepVapidKeys } from "../../../../server/push/webPush/vapidKeys.ts";
import { openDatabase } from "../../../../server/store/database.ts";
import { migrations } from "../../../../server/store/migrations.ts";
import { openStore } from "../../../../server/store/store.ts";
import { aMessage, append, aSession, StandingClock } from "../../store/fixture.ts";

const now = Date.UTC(2026, 10, 28, 12);
const dayMs = 24 * 3_600_000;
let folder: string;
let environment: Record<string, string>;
let over: Partial<Patient>;

/** A program that says these things, whatever it is asked. */
function program(name: string, lines: string): string {
  mkdirSync(join(folder, "bin"), { recursive: true });
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${lines}\n`);
  chmodSync(path, 0o755);
  return path;
}
const cli = (version: string, loggedIn = true) =>
  `if [ "$1" = --version ]; then echo '${version} (Claude Code)'; else echo '{"loggedIn":${loggedIn},"authMethod":"claude.ai","email":"me@example.org"}'; fi`;

function keyFile(curve: string): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: curve });
  const path = join(folder, "AuthKey.p8");
  writeFileSync(path, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  return path;
}

async function certificate(endsInMs: number): Promise<void> {
  const made = await generate([{ name: "commonName", value: "daylong.example.org" }], {
    keyType: "ec",
    notBeforeDate: new Date(now - 90 * dayMs),
    notAfterDate: new Date(now + endsInMs),
  });
  environment.TLS_CERT_PATH = join(folder, "cert.pem");
  environment.TLS_KEY_PATH = join(folder, "key.pem");
  writeFileSync(environment.TLS_CERT_PATH, made.cert);
  writeFileSync(environment.TLS_KEY_PATH, made.private);
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "daylong-doctor-"));
  mkdirSync(join(folder, "work"));
  mkdirSync(join(folder, "data"), { mode: 0o700 });
  program(process.platform === "linux" ? "systemd-inhibit" : "caffeinate", "exit 0");
  environment = {
    PATH: `${join(folder, "bin")}:/usr/bin:/bin`,
    HOME: folder,
    DATA_DIR: join(folder, "data"),
    PROJECT_ROOTS: join(folder, "work"),
    PORT: "0",
    CLAUDE_BIN: program("our-claude", cli("2.1.330")),
    APNS_KEY_PATH: keyFile("prime256v1"),
    APNS_KEY_ID: "ABCDE12345",
    APNS_TEAM_ID: "FGHIJ67890",
    APNS_BUNDLE_ID: "com.example.daylong",
    VAPID_SUBJECT: "mailto:me@example.org",
  };
  await certificate(60 * dayMs);
  const store = openStore({ dataDir: environment.DATA_DIR!, clock: new StandingClock() });
  const session = aSession();
  store.sessions.insert(session);
  append(store, aMessage(session.sessionId));
  store.close();
  keepVapidKeys(environment.DATA_DIR!);
  over = {};
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const findingsOf = () => {
  const { config, faults } = readSoundly(environment);
  const patient: Patient = {
    config,
    faults,
    environment,
    isDemo: false,
    homeDir: folder,
    nodeVersion: "v20.20.2",
    server: undefined,
    service: {
      status: async () => ({
        state: "running",
        detail: "active (running).",
        file: "daylong.service",
        log: "journalctl",
      }),
    },
    run: runProgram,
    now: () => now,
    freeBytesOf: async () => 50 * 1024 ** 3,
    timeElsewhere: async () => now + 2_000,
    healthOf: async () => ({ checks: { database: { state: "ok" } } }),
  };
  return examine(Object.assign(patient, over));
};
/** The findings that are not in order; one that only says that no server runs is always there. */
const amiss = async (): Promise<Finding[]> =>
  (await findingsOf()).filter(({ state, check }) => state !== "ok" && check !== "server");

/** Exactly this is found, by this check, and it is said how to mend it. */
async function expectOnly(
  check: string,
  state: "wrong" | "note",
  detail: RegExp,
  mend: RegExp,
): Promise<void> {
  expect(await amiss()).toEqual([
    { check, state, detail: expect.stringMatching(detail), mend: expect.stringMatching(mend) },
  ]);
}

describe("O03: the doctor", () => {
  test("O03: finds nothing where everything is in order", async () => {
    expect(await amiss()).toEqual([]);
    expect((await findingsOf()).map(({ check }) => check)).toEqual([
      ...[
        "node",
        "settings",
        "cli",
        "login",
        "other-cli",
        "environment",
        "data-folder",
        "disk",
        "database",
        "roots",
      ],
      ...["port", "certificate", "apns", "vapid", "clock", "keep-awake", "service", "server"],
    ]);
  });

  test("O03: an old Node", async () => {
    over.nodeVersion = "v20.18.3";
    await expectOnly("node", "wrong", /v20\.18\.3 is too old/, /20\.19 or newer/);
  });

  test("O03: a setting that cannot be read, without hiding the rest", async () => {
    environment.PORT = "http";
    environment.CPU_USAGE_LIMIT_PERCENT = "900";
    const found = await amiss();
    expect(found.map(({ check, detail }) => [check, detail.split(":")[0]])).toEqual(
      expect.arrayContaining([
        ["settings", "PORT"],
        ["settings", "CPU_USAGE_LIMIT_PERCENT"],
      ]),
    );
    expect(() => readConfig(environment)).toThrow(/PORT/);
  });

  test("O03: a CLI that does not run", async () => {
    environment.CLAUDE_BIN = program("our-claude", "echo 'no such library' >&2; exit 127");
    const found = await amiss();
    expect(found[0]).toMatchObject({
      check: "cli",
      state: "wrong",
      detail: expect.stringContaining("no such library"),
      mend: expect.stringContaining("CLAUDE_BIN"),
    });
  });

  test("O03: a login that is missing, asked without a turn", async () => {
    environment.CLAUDE_BIN = program("our-claude", `${cli("2.1.330", false)}\necho "$@" >> ${folder}/asked`);
    await expectOnly("login", "wrong", /not logged in/, /daylong login/);
    expect(new Set(readFileSync(join(folder, "asked"), "utf8").trim().split("\n"))).toEqual(
      new Set(["--version", "auth status --json"]),
    );
  });

  test("O03: another claude of another version on the PATH, and none of the same", async () => {
    program("claude", cli("2.1.330"));
    expect(await amiss()).toEqual([]);
    program("claude", cli("1.0.99"));
    await expectOnly(
      "other-cli",
      "note",
      /bin\/claude is Claude CLI 1\.0\.99; Daylong uses 2\.1\.330/,
      /Update the older one/,
    );
  });

  test("O03: variables that Claude's tools would want", async () => {
    environment.JAVA_HOME = "/opt/java";
    environment.GOPATH = "/root/go";
    await expectOnly("environment", "note", /GOPATH|JAVA_HOME/, /CLI_ENV_PASS=JAVA_HOME:GOPATH/);
    environment.CLI_ENV_PASS = "JAVA_*:GOPATH";
    expect(await amiss()).toEqual([]);
  });

  test("O03: a data folder that others can read", async () => {
    chmodSync(environment.DATA_DIR!, 0o755);
    await expectOnly("data-folder", "note", /can be read by other users/, /chmod 700/);
  });

  test("O03: a disk that is full, or is soon", async () => {
    over.freeBytesOf = async () => 900 * 1024 ** 2;
    await expectOnly("disk", "wrong", /full soon: 900 MB are free/, /RETENTION_DAYS/);
    over.freeBytesOf = async () => 10 * 1024 ** 2;
    await expectOnly("disk", "wrong", /is full: 10 MB/, /Make room/);
  });

  test("O03: a database that is damaged, or of a newer program", async () => {
    const path = join(environment.DATA_DIR!, "daylong.db");
    const whole = readFileSync(path);
    const next = { version: migrations.length + 1, apply: () => {} };
    openDatabase({ path, migrations: [...migrations, next] }).close();
    await expectOnly(
      "database",
      "wrong",
      /has version \d+; this program knows versions up to/,
      /newer Daylong again/,
    );
    const damaged = Buffer.from(whole);
    damaged.fill(0x5a, 3 * 4_096, 40 * 4_096);
    writeFileSync(path, damaged);
    await expectOnly("database", "wrong", /damaged|cannot be read/, /restore FILE/);
  });

  test("O03: a root that is gone", async () => {
    environment.PROJECT_ROOTS = `${join(folder, "work")}:${join(folder, "gone")}`;
    await expectOnly("roots", "wrong", /gone cannot be used/, /PROJECT_ROOTS/);
  });

  test("O03: a port that is taken, and by whom", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    try {
      environment.PORT = String((server.address() as AddressInfo).port);
      const holder = new RegExp(`Port ${environment.PORT} is taken by \\S.*\\(pid ${process.pid}\\)`);
      await expectOnly("port", "wrong", holder, /another port/);
    } finally {
      await new Promise((closed) => server.close(closed));
    }
    expect(await amiss()).toEqual([]);
    environment.HOST = "192.0.2.1";
    await expectOnly("port", "wrong", /192\.0\.2\.1:\d+ cannot be bound/, /address of this computer/);
  });

  test("O03: a certificate that ends soon, has ended, is not there, or has another's key", async () => {
    await certificate(13 * dayMs);
    await expectOnly("certificate", "wrong", /ends on 2026-12-11, in 13 days/, /Renew it/);
    await certificate(-dayMs);
    await expectOnly("certificate", "wrong", /ended on 2026-11-27/, /Renew it/);
    await certificate(60 * dayMs);
    writeFileSync(environment.TLS_KEY_PATH!, readFileSync(environment.APNS_KEY_PATH!));
    await expectOnly("certificate", "wrong", /key does not belong/, /Renew it/);
    rmSync(environment.TLS_CERT_PATH!);
    await expectOnly("certificate", "wrong", /cannot be read/, /Renew it/);
  });

  test("O03: an APNs key that Apple would refuse by its form", async () => {
    chmodSync(environment.APNS_KEY_PATH!, 0o644);
    await expectOnly("apns", "note", /can be read by other users/, /chmod 600/);
    keyFile("secp384r1");
    chmodSync(environment.APNS_KEY_PATH!, 0o600);
    await expectOnly("apns", "wrong", /another kind than Apple's/, /AuthKey/);
    keyFile("prime256v1");
    environment.APNS_KEY_ID = "short";
    await expectOnly("apns", "wrong", /APNS_KEY_ID has to be 10/, /developer site/);
    environment.APNS_KEY_ID = "ABCDE12345";
    writeFileSync(
      environment.APNS_KEY_PATH!,
      "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n",
    );
    await expectOnly("apns", "wrong", /holds no private key/, /again/);
    rmSync(environment.APNS_KEY_PATH!);
    await expectOnly("apns", "wrong", /cannot be read \(ENOENT\)/, /APNS_KEY_PATH/);
  });

  test("O03: keys for browsers that are damaged", async () => {
    writeFileSync(join(environment.DATA_DIR!, "vapid-keys.json"), '{"v":1}');
    await expectOnly("vapid", "wrong", /vapid-keys\.json in the data folder is damaged/, /from a backup/);
  });

  test("O03: a clock that is off, or was set back below what the database knows", async () => {
    over.timeElsewhere = async () => now + 300_000;
    await expectOnly("clock", "wrong", /5 min slow/, /timedatectl/);
    over.timeElsewhere = async () => now - 120_000;
    await expectOnly("clock", "wrong", /2 min fast/, /timedatectl/);
    over.timeElsewhere = async () => undefined;
    await expectOnly("clock", "note", /could not be compared/, /proxy/);
    over.timeElsewhere = async () => 1_600_000_000_000;
    over.now = () => 1_600_000_000_000;
    delete environment.TLS_CERT_PATH;
    delete environment.TLS_KEY_PATH;
    await expectOnly(
      "clock",
      "wrong",
      /newest event in the database is of 2023.*set back/,
      /Set the computer's clock/,
    );
  });

  test("O03: a computer that cannot be kept awake", async () => {
    environment.PATH = join(folder, "nothing");
    await expectOnly("keep-awake", "note", /is not there: the computer may sleep/, /idle sleep/);
  });

  test("O03: a service that is not installed, or does not run", async () => {
    const status = {
      detail: "failed (failed), enabled.",
      file: "daylong.service",
      log: "journalctl --user -u daylong -f",
    };
    over.service = { status: async () => ({ ...status, state: "absent" as const }) };
    await expectOnly("service", "note", /does not start by itself/, /service install/);
    over.service = { status: async () => ({ ...status, state: "stopped" as const }) };
    await expectOnly("service", "wrong", /does not run: failed/, /journalctl/);
  });

  test("O03: what the running server says is wrong with it", async () => {
    over.server = { url: "http://127.0.0.1:1", pid: 7, version: "1", dataDir: folder, adminToken: "t" };
    over.healthOf = async () => ({
      checks: { pool: { state: "failing", detail: "Its processes do not start." } },
    });
    const found = (await findingsOf()).filter(({ state }) => state !== "ok");
    expect(found).toEqual([
      expect.objectContaining({
        check: "server",
        detail: "The server's pool is failing: Its processes do not start.",
      }),
    ]);
  });

  test("O03: a check that fails itself is told, and hides no other", async () => {
    over.freeBytesOf = async () => {
      throw new Error("EIO: i/o error, statfs");
    };
    environment.PROJECT_ROOTS = join(folder, "gone");
    expect((await amiss()).map(({ check, detail }) => [check, detail.slice(0, 40)])).toEqual([
      ["disk", "This could not be looked at: EIO: i/o er"],
      ["roots", expect.stringContaining("Project root")],
    ]);
  });

  test("O03: the time elsewhere is the Date of any answer, and nobody's when nobody answers", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(404, { date: new Date(now).toUTCString() }).end();
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await dateOf(url)).toBe(now);
    await new Promise((closed) => {
      server.close(closed);
      server.closeAllConnections();
    });
    expect(await dateOf(url)).toBeUndefined();
  });
});
