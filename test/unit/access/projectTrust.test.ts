import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { OwnersTrust } from "../../../server/access/projectTrust.ts";
import { type OpenStore, openStore } from "../../../server/store/store.ts";
import { aSession } from "../../integration/store/fixture.ts";
import { ManualClock } from "../../support/manualClock.ts";

let folder: string;
let project: string;
let store: OpenStore;
let trust: OwnersTrust;
let accepted: string[];

const put = (path: string, text = "{}") => {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "daylong-trust-")));
  project = join(folder, "work", "repository", "package");
  mkdirSync(project, { recursive: true });
  accepted = [];
  const clock = new ManualClock();
  store = openStore({ dataDir: join(folder, "data"), clock });
  trust = new OwnersTrust({
    store,
    clock,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    homeDir: folder,
    claudeConfigDir: join(folder, ".claude"),
    acceptedInTerminal: async (path) => accepted.includes(path),
  });
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a project's own settings act only when the owner trusts them", () => {
  test("a project without any, or with nothing but words for Claude, has nothing to be trusted with", async () => {
    expect(await trust.standingOf(project)).toBe("plain");
    put("CLAUDE.md", "Be brief.");
    put(".claude/CLAUDE.md", "Be brief.");
    put(".claude/rules/style.md", "Be brief.");
    expect(await trust.standingOf(project)).toBe("plain");
  });

  test.each([
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/skills/deploy/SKILL.md",
    ".claude/something-new.json",
    ".mcp.json",
    "../.mcp.json",
    "CLAUDE.local.md",
    "../CLAUDE.md",
    "../.claude/CLAUDE.md",
    "../../.claude/settings.json",
  ])("one that brings %s is not trusted until the owner says so", async (path) => {
    put(path);
    expect(await trust.standingOf(project)).toBe("untrusted");
    trust.trust(project, "phone");
    trust.trust(project, "tablet");
    expect(await trust.standingOf(project)).toBe("trusted");
    trust.withdraw(project, "phone");
    trust.withdraw(project, "tablet");
    expect(await trust.standingOf(project)).toBe("untrusted");
    const said = store.audit.list(undefined, 10).entries.map(({ action, deviceId }) => [action, deviceId]);
    expect(said).toEqual([
      ["project.distrust", "phone"],
      ["project.trust", "phone"],
    ]);
  });

  test("P04: a session's own rules come with the project's, and withdrawing the trust ends both", () => {
    const session = { ...aSession(), projectPath: project };
    const other = { ...aSession(), projectPath: project };
    store.sessions.insert(session);
    store.sessions.insert(other);
    store.trust.keepRule(project, "Bash(ls)", 1);
    store.trust.keepSessionRule(session.sessionId, "Bash(touch a)", 2);
    store.trust.keepSessionRule(session.sessionId, "Bash(ls)", 3);
    expect(trust.rulesOf(project)).toEqual(["Bash(ls)"]);
    expect(trust.rulesOf(project, session.sessionId)).toEqual(["Bash(ls)", "Bash(touch a)"]);
    expect(trust.rulesOf(project, other.sessionId)).toEqual(["Bash(ls)"]);
    trust.withdraw(project, "phone");
    expect(trust.rulesOf(project, session.sessionId)).toEqual([]);
  });

  test("a .claude that is a link, dangling or not, is looked through or distrusted", async () => {
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere", "settings.json"), "{}");
    symlinkSync(join(folder, "elsewhere"), join(project, ".claude"));
    expect(await trust.standingOf(project)).toBe("suspect");
    symlinkSync(join(folder, "nowhere"), join(project, ".mcp.json"));
    rmSync(join(project, ".claude"));
    expect(await trust.standingOf(project)).toBe("untrusted");
  });

  test("a project whose words lie outside it is suspect, one whose links stay inside is not", async () => {
    put("docs/CLAUDE.md", "Be brief.");
    symlinkSync(join(project, "docs", "CLAUDE.md"), join(project, "CLAUDE.md"));
    expect(await trust.standingOf(project)).toBe("plain");
    writeFileSync(join(folder, "secret.txt"), "x");
    mkdirSync(join(project, ".claude"));
    symlinkSync(join(folder, "secret.txt"), join(project, ".claude", "CLAUDE.md"));
    expect(await trust.standingOf(project)).toBe("suspect");
    accepted.push(project);
    expect(await trust.standingOf(project)).toBe("trusted");
  });

  test("the owner's own settings in the home directory are no project's", async () => {
    mkdirSync(join(folder, ".claude"));
    writeFileSync(join(folder, ".claude", "settings.json"), "{}");
    writeFileSync(join(folder, ".mcp.json"), "{}");
    expect(await trust.standingOf(project)).toBe("plain");
    expect(await trust.standingOf(folder)).toBe("plain");
  });

  test("what was accepted in a terminal is trusted here too", async () => {
    put(".claude/settings.json");
    accepted.push(project);
    expect(await trust.standingOf(project)).toBe("trusted");
  });
});
