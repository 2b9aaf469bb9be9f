import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ConfigError, passesToCli, readConfig, settingNames } from "../../../server/app/config.ts";

const faultsOf = (environment: Record<string, string>): string[] => {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe("O01: a bad configuration", () => {
  test("O01: lists every fault at once, also those between settings when others are faulty by themselves", () => {
    const faults = faultsOf({
      PORT: "many",
      LOG_LEVEL: "loud",
      SESSION_WARNING_HOURS: "30",
      SESSION_TIMEOUT_HOURS: "24",
      APNS_KEY_ID: "ABC",
      TLS_KEY_PATH: "/key.pem",
      HOST: "0.0.0.0",
    });
    expect(faults.map((fault) => fault.slice(0, fault.indexOf(":")))).toEqual([
      "PORT",
      "LOG_LEVEL",
      "APNS_KEY_PATH, APNS_TEAM_ID, APNS_BUNDLE_ID",
      "TLS_CERT_PATH, TLS_KEY_PATH",
      "HOST",
      "SESSION_WARNING_HOURS",
    ]);
    // What was set may be a secret.
    expect(faults.join()).not.toMatch(/ABC|many|loud|key\.pem/);
  });

  test("O01: is not blamed for what follows from another fault", () => {
    expect(faultsOf({ SESSION_TIMEOUT_HOURS: "a day", SESSION_WARNING_HOURS: "30" })).toHaveLength(1);
    expect(faultsOf({ HOST: "0.0.0.0", TLS: "on" })).toHaveLength(1);
    expect(faultsOf({ HOST: "0.0.0.0", ALLOW_PLAINTEXT_LAN: "maybe" })).toHaveLength(1);
    expect(faultsOf({ TLS: "", APNS_KEY_ID: "", SESSION_WARNING_HOURS: "" })).toEqual([]);
  });
});

describe("A14 what is closed and what is passed", () => {
  test("A14: keys, accounts, passwords and browsers' profiles are closed unless the owner says otherwise", () => {
    const { deniedPaths, sandbox } = readConfig({});
    for (const name of [
      ".ssh",
      ".gnupg",
      ".aws",
      ".kube",
      ".config/gcloud",
      ".netrc",
      ".password-store",
      ".mozilla",
    ])
      expect(deniedPaths).toContain(join(homedir(), name));
    expect(sandbox).toBe(false);
    expect(readConfig({ DENIED_PATHS: "~/vault:/srv/keys", SANDBOX: "true" })).toMatchObject({
      deniedPaths: [join(homedir(), "vault"), "/srv/keys"],
      sandbox: true,
    });
    expect(readConfig({ DENIED_PATHS: "" }).deniedPaths).toEqual(deniedPaths);
  });

  test("A09: CLI_ENV_PASS passes names and beginnings of names, and never one of ours", () => {
    const config = readConfig({ CLI_ENV_PASS: "GOPATH: MY_* :A*:VAPID_SUBJECT:DAYLONG_CWD:" });
    const passes = (name: string) => passesToCli(config, name);
    expect(["GOPATH", "MY_TOOL", "ANDROID_HOME"].map(passes)).toEqual([true, true, true]);
    expect(
      ["GOROOT", "APNS_KEY_ID", "ALLOW_PLAINTEXT_LAN", "VAPID_SUBJECT", "DAYLONG_CWD"].map(passes),
    ).toEqual([...[false, false, false, false, false]]);
    expect(passesToCli(readConfig({}), "GOPATH")).toBe(false);
  });
});

describe("REPORT-8: values as people write them", () => {
  test("REPORT-8: empty and blank values are unset", () => {
    const blank = Object.fromEntries(settingNames.map((name) => [name, " "]));
    expect(readConfig(blank)).toEqual(readConfig({}));
    const empty = Object.fromEntries(settingNames.map((name) => [name, ""]));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test("REPORT-8: words are taken in letters of any size, and numbers with a fraction", () => {
    const config = readConfig({
      LOG_LEVEL: "INFO",
      APNS_ENVIRONMENT: "Sandbox",
      TLS: "SELF-SIGNED",
      USE_INTERACTIVE_SESSIONS: "False",
      PORT: " 3001 ",
      SESSION_TIMEOUT_HOURS: "0.5",
      SESSION_WARNING_HOURS: "0.25",
    });
    expect(config).toMatchObject({
      logLevel: "info",
      apnsEnvironment: "sandbox",
      tls: { kind: "self-signed" },
      interactive: false,
      port: 3001,
      sessionTimeoutMs: 1_800_000,
    });
  });

  test.each([
    ["mailto:me@localhost", false],
    ["mailto:me@studio.local", false],
    ["mailto:me@127.0.0.1", false],
    ["mailto:me", false],
    ["https://localhost/contact", false],
    ["http://example.org", false],
    ["mailto:me@example.org", true],
    ["https://example.org/contact", true],
  ])("REPORT-8: VAPID_SUBJECT=%s is taken: %s", (subject, isTaken) => {
    expect(faultsOf({ VAPID_SUBJECT: subject })).toHaveLength(isTaken ? 0 : 1);
  });
});
