import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HookInput } from "@anthropic-ai/claude-agent-sdk";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { bundledCli } from "../../../../server/claude/start/cliProgram.ts";
import type { PreparedStart } from "../../../../server/claude/start/cliStarts.ts";
import type { ProcessSpec } from "../../../../server/domain/processes/process.ts";
import type { ProjectStanding } from "../../../../server/domain/sessions/trust.ts";
import { startsIn } from "../../../support/claude/cliStarts.ts";

let home: string;
let standing: ProjectStanding;
let dangers: Record<string, string[]>;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "daylong-starts-")));
  mkdirSync(join(home, ".claude"));
  [standing, dangers] = ["plain", {}];
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

const spec = (): ProcessSpec => ({
  processId: "p1",
  sessionId: "s1",
  claudeSessionId: "s1",
  projectPath: home,
  model: null,
  permissionMode: "default",
  options: { allowedTools: ["Read"] },
});
const starts = () =>
  startsIn(home, {
    trust: { standingOf: async () => standing, rulesOf: () => ["Bash(ls:*)"] },
    deniedPaths: { list: async () => ["/home/a/.ssh"] },
    gitDangers: async (directory) => dangers[directory] ?? [],
    repositoryDangers: async (directory) => dangers[directory] ?? [],
  });
const prepare = async () => {
  const one = starts();
  return one.prepare("session", spec(), await one.startedIn(spec()));
};
const settingsOf = ({ options }: PreparedStart) =>
  JSON.parse(readFileSync(options.settings as string, "utf8"));
/** Asks the hook of an event as the CLI does. */
const ask = (
  start: PreparedStart,
  event: "PreToolUse" | "PreCompact" | "UserPromptExpansion",
  fields: object = {},
) => {
  const hook = start.options.hooks?.[event]?.[0]?.hooks[0];
  const input = { hook_event_name: event, session_id: "s1", transcript_path: "", cwd: home, ...fields };
  return hook?.(input as HookInput, "use-1", { signal: new AbortController().signal });
};
const gitUse = { tool_name: "Bash", tool_input: { command: "git status" } };

describe("A09 a start of the CLI", () => {
  test("names the CLI that the SDK brings, which would be looked for at each start otherwise, or the owner's own", async () => {
    const programOf = async (binary?: string) => {
      const one = startsIn(home, { binary });
      const { options } = await one.prepare("session", spec(), await one.startedIn(spec()));
      return options.pathToClaudeCodeExecutable;
    };
    const bundled = await programOf();
    expect(bundled).toBe(bundledCli());
    expect(existsSync(bundled ?? "")).toBe(true);
    expect(await programOf("/opt/claude")).toBe("/opt/claude");
  });

  test("takes the denied places that were looked up for it, and looks only where none were", async () => {
    let looks = 0;
    const list = async () => [`/denied/${++looks}`];
    const one = startsIn(home, { deniedPaths: { list } });
    const startedIn = await one.startedIn(spec());
    const deniedPlaces = await one.deniedPlaces();
    const denies = async (facts: { deniedPlaces?: string[] }) =>
      settingsOf(await one.prepare("session", spec(), startedIn, facts)).permissions.deny[0];
    expect(await denies({ deniedPlaces })).toBe("Read(//denied/1)");
    expect(await denies({})).toBe("Read(//denied/2)");
  });

  test("DOOR-24 has its rules in a file that only the owner reads, which goes with its process", async () => {
    const start = await prepare();
    const path = start.options.settings as string;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, "process-settings")).mode & 0o777).toBe(0o700);
    expect(settingsOf(start).permissions).toEqual({
      allow: ["Bash(ls:*)", "mcp__daylong__notify", "Read"],
      deny: ["Read(//home/a/.ssh)", "Edit(//home/a/.ssh)"],
    });
    await start.release();
    expect(readdirSync(join(home, "process-settings"))).toEqual([]);
    await start.release();
  });

  test("DOOR-24 of a crashed run leaves nothing after the next boot", async () => {
    await prepare();
    await starts().sweep();
    expect(readdirSync(join(home, "process-settings"))).toEqual([]);
  });

  test("hears no other session, unless the owner's own setting decides in a project that is trusted", async () => {
    const hears = async () => settingsOf(await prepare()).crossSessionInbound;
    const own = (settings: unknown) =>
      writeFileSync(join(home, ".claude", "settings.json"), JSON.stringify(settings));
    expect(await hears()).toBe("refuse");
    own({ crossSessionInbound: "accept" });
    expect(await hears()).toBe("refuse");
    standing = "trusted";
    expect(await hears()).toBeUndefined();
    own({});
    expect(await hears()).toBe("refuse");
    writeFileSync(join(home, ".claude", "settings.json"), "{");
    expect(await hears()).toBe("refuse");
  });

  test("DOOR-10 asks about git where it must, at the moment of its use, and keeps the reason for the permission", async () => {
    const start = await prepare();
    expect(await ask(start, "PreToolUse", gitUse)).toEqual({});
    expect(start.askedFor("use-1")).toBeUndefined();
    dangers = { [home]: ["filter.x.clean"] };
    expect(await ask(start, "PreToolUse", gitUse)).toMatchObject({
      hookSpecificOutput: {
        permissionDecision: "ask",
        permissionDecisionReason: expect.stringContaining("filter.x"),
      },
    });
    expect(start.askedFor("use-1")).toContain("filter.x.clean");
    expect(start.askedFor("use-1")).toBeUndefined();
  });

  test("DOOR-10 has git's ways switched off, and no question, but in a project that is trusted", async () => {
    dangers = { [home]: ["diff.external"] };
    const wary = await prepare();
    expect(wary.options.env).toMatchObject({ GIT_CONFIG_COUNT: "3", GIT_CONFIG_KEY_2: "diff.external" });
    expect(await ask(wary, "PreToolUse", gitUse)).toEqual({});
    standing = "trusted";
    const free = await prepare();
    expect(Object.keys(free.options.hooks ?? {})).toEqual(["PostToolUse", "PostToolUseFailure"]);
    expect(free.options.env).not.toHaveProperty("GIT_CONFIG_COUNT");
  });

  test("DOOR-10 lets no shell line of a command or a skill run git unasked, whether the programs were there at the start or came later", async () => {
    const use = { tool_name: "Skill", tool_input: { skill: "x" } };
    const command = { expansion_type: "slash_command", command_name: "x", command_args: "", prompt: "/x" };
    const before = await prepare();
    expect(settingsOf(before)).not.toHaveProperty("disableSkillShellExecution");
    expect(await ask(before, "UserPromptExpansion", command)).toEqual({});
    expect(await ask(before, "PreToolUse", use)).toEqual({});
    dangers = { [home]: ["filter.x.clean"] };
    expect(await ask(before, "UserPromptExpansion", command)).toMatchObject({
      decision: "block",
      reason: expect.stringContaining("filter.x.clean"),
    });
    expect(await ask(before, "PreToolUse", use)).toMatchObject({
      hookSpecificOutput: { permissionDecision: "ask" },
    });
    const after = await prepare();
    expect(settingsOf(after).disableSkillShellExecution).toBe(true);
    // They do not run: neither has to be stopped.
    expect(await ask(after, "UserPromptExpansion", command)).toEqual({});
    expect(await ask(after, "PreToolUse", use)).toEqual({});
  });

  test("DOOR-15 lets no compaction begin when the project's words lie elsewhere by then", async () => {
    const start = await prepare();
    expect(await ask(start, "PreCompact", { trigger: "auto" })).toEqual({});
    standing = "suspect";
    expect(await ask(start, "PreCompact", { trigger: "auto" })).toMatchObject({
      decision: "block",
      reason: expect.stringContaining("leads out of the project"),
    });
  });

  test.each([
    ["plain", "untrusted", false],
    ["untrusted", "plain", false],
    ["plain", "suspect", true],
    ["untrusted", "trusted", true],
    ["trusted", "untrusted", true],
    ["suspect", "plain", true],
  ] as const)("DOOR-15 in a project that was %s and is %s is stale: %s", async (before, now, isStale) => {
    standing = before;
    const start = await prepare();
    expect(await start.staleReason()).toBeUndefined();
    standing = now;
    expect((await start.staleReason()) !== undefined).toBe(isStale);
  });

  test("DOOR-10 knows of git hooks that do not run", async () => {
    expect((await starts().startedIn(spec())).hasSilentHooks).toBe(false);
    mkdirSync(join(home, ".git", "hooks"), { recursive: true });
    writeFileSync(join(home, ".git", "hooks", "pre-commit.sample"), "");
    expect((await starts().startedIn(spec())).hasSilentHooks).toBe(false);
    writeFileSync(join(home, ".git", "hooks", "pre-commit"), "");
    expect((await starts().startedIn(spec())).hasSilentHooks).toBe(true);
  });
});
