import { describe, expect, test } from "@jest/globals";
import { cliEnvironment, processMark } from "../../../../server/claude/start/environment.ts";

const passes = (name: string): boolean => name in cliEnvironment({ [name]: "value" }, "p1");

describe("A08 the environment of the CLI", () => {
  test.each([
    "APNS_KEY_PATH",
    "APNS_KEY_ID",
    "APNS_TEAM_ID",
    "DAYLONG_TOKEN",
    "DAYLONG_ADMIN_TOKEN",
    "DATA_DIR",
    "TLS_KEY_PATH",
    "GITHUB_TOKEN",
    "NPM_TOKEN",
    "DATABASE_URL",
    "NODE_OPTIONS",
    "LD_PRELOAD",
    "OPENAI_API_KEY",
    "ANTHROPIC_ADMIN_KEY",
    "ANTHROPIC_ADMIN_API_KEY",
    "CLAUDE_BIN",
    "PATHS",
    "path",
  ])("does not hold %s", (name) => {
    expect(passes(name)).toBe(false);
  });

  test.each([
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "HTTPS_PROXY",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_USE_BEDROCK",
    "AWS_REGION",
    "GOOGLE_APPLICATION_CREDENTIALS",
  ])("holds %s, without which Claude would not work here", (name) => {
    expect(passes(name)).toBe(true);
  });

  test.each(["CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID"])(
    "does not hold %s of a session that the server was started from",
    (name) => {
      expect(passes(name)).toBe(false);
    },
  );

  test("holds nothing but what was set, the mark, no self-update, that it reads CLAUDE.md and says when it rests", () => {
    expect(cliEnvironment({ HOME: "/home/a", USER: undefined, SECRET: "s" }, "p1")).toEqual({
      HOME: "/home/a",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: "1",
      CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: "1",
      [processMark]: "p1",
    });
  });

  test("does not hold what is empty: CLAUDE_CONFIG_DIR= would have the CLI keep its state in the project", () => {
    expect(cliEnvironment({ CLAUDE_CONFIG_DIR: "", LANG: "" }, "p1")).not.toHaveProperty("CLAUDE_CONFIG_DIR");
  });

  test("F10 holds the mark of its own process, not of one the server was started from", () => {
    expect(cliEnvironment({ [processMark]: "outer" }, "inner")[processMark]).toBe("inner");
  });
});

describe("A09 the owner's own choice of variables", () => {
  test("is held beside the others, but never where it would be a key to the owner's whole organisation", () => {
    const passes = (name: string) => ["GOPATH", "ANTHROPIC_ADMIN_KEY"].includes(name);
    const environment = cliEnvironment({ GOPATH: "/go", OTHER: "x", ANTHROPIC_ADMIN_KEY: "k" }, "p1", passes);
    expect(environment).toMatchObject({ GOPATH: "/go" });
    expect(environment).not.toHaveProperty("OTHER");
    expect(environment).not.toHaveProperty("ANTHROPIC_ADMIN_KEY");
  });
});
