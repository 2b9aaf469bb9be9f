import { describe, expect, test } from "@jest/globals";
import {
  conversationOptions,
  readDirectories,
  type StartKind,
  sessionOptions,
  startOptions,
  startSettings,
} from "../../../../server/claude/start/options.ts";
import type { ProcessSpec } from "../../../../server/domain/processes/process.ts";
import type { SessionOptions } from "../../../../server/domain/sessions/session.ts";
import { type ProjectStanding, projectStandings } from "../../../../server/domain/sessions/trust.ts";

const spec = (options: SessionOptions = {}): ProcessSpec => ({
  processId: "p1",
  sessionId: "ours",
  claudeSessionId: "ours",
  projectPath: "/projects/alpha",
  model: null,
  permissionMode: "default",
  options,
});
const defined = (options: object) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
const hooks = { PreToolUse: [] };
const start = (kind: StartKind, standing: ProjectStanding = "plain", of = spec()) =>
  startOptions(kind, {
    spec: of,
    standing,
    environment: { HOME: "/home/a" },
    binary: "/usr/bin/claude",
    settingsPath: "/data/process-settings/p1.json",
    hooks,
    transcriptExists: false,
  });

describe("F11 S02 a process", () => {
  test("begins a conversation under our id", () => {
    expect(defined(conversationOptions(spec(), false))).toEqual({ sessionId: "ours" });
  });

  test("goes on with one that Claude holds, and does not name it as a new one", () => {
    expect(defined(conversationOptions(spec(), true))).toEqual({ resume: "ours" });
  });

  test("S20 forks another conversation to our id once", () => {
    const forked = spec({ origin: { resume: "theirs", fork: true, resumeAt: "message" } });
    expect(defined(conversationOptions(forked, false))).toEqual({
      resume: "theirs",
      forkSession: true,
      sessionId: "ours",
      resumeSessionAt: "message",
    });
    expect(defined(conversationOptions(forked, true))).toEqual({ resume: "ours" });
  });

  test("never names a new conversation and an old one together, unless it forks", () => {
    const origins = [
      undefined,
      { resume: "theirs", fork: false },
      { resume: "theirs", fork: true },
      { resume: "theirs", fork: true, resumeAt: "message" },
    ];
    for (const origin of origins) {
      for (const exists of [true, false]) {
        const options = conversationOptions(spec({ origin }), exists);
        const both = options.sessionId !== undefined && options.resume !== undefined;
        expect(both).toBe(options.forkSession === true);
        expect(options.continue).toBeUndefined();
      }
    }
  });
});

describe("A09 S34 every start", () => {
  const forkOrigin = { resume: "theirs", fork: true };
  const starts = (standing: ProjectStanding) => ({
    session: start("session", standing),
    spare: start("spare", standing),
    "one-shot": start("one-shot", standing),
    recap: start("recap", standing),
    fork: start("session", standing, spec({ origin: forkOrigin })),
  });

  test.each(["plain", "untrusted", "suspect", "trusted"] as const)(
    "DOOR-3 of the five has the same options in a project that is %s, but for those that make it what it is",
    (standing) => {
      const own = new Set([
        // What the process is: its conversation, and what is kept or told of it.
        ...["sessionId", "resume", "forkSession", "resumeSessionAt", "persistSession", "tools", "maxTurns"],
        ...Object.keys(sessionOptions),
        // A spare reads the words of its project when it is claimed.
        "additionalDirectories",
      ]);
      const shared = Object.values(starts(standing)).map((options) =>
        Object.fromEntries(Object.entries(defined(options)).filter(([name]) => !own.has(name))),
      );
      for (const options of shared) expect(options).toEqual(shared[0]);
      expect(shared[0]).toEqual({
        cwd: "/projects/alpha",
        env: { HOME: "/home/a" },
        pathToClaudeCodeExecutable: "/usr/bin/claude",
        systemPrompt: { type: "preset", preset: "claude_code" },
        settingSources: standing === "trusted" ? ["user", "project", "local"] : ["user"],
        settings: "/data/process-settings/p1.json",
        hooks,
        permissionMode: "default",
        allowDangerouslySkipPermissions: false,
      });
    },
  );

  test("DOOR-3 says its permission mode, whatever the owner's own default is", () => {
    for (const options of Object.values(starts("plain"))) expect(options.permissionMode).toBe("default");
    const bold = start("session", "plain", Object.assign(spec(), { permissionMode: "bypassPermissions" }));
    expect([bold.permissionMode, bold.allowDangerouslySkipPermissions]).toEqual(["bypassPermissions", true]);
  });

  test.each(["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"] as const)(
    "DOOR-3 of each kind says the mode %s where it was chosen, and skips permissions in none but one",
    (permissionMode) => {
      for (const kind of ["session", "spare", "one-shot", "recap"] as const)
        for (const standing of ["plain", "untrusted", "suspect", "trusted"] as const)
          for (const origin of [undefined, { resume: "theirs", fork: true }]) {
            const options = start(kind, standing, Object.assign(spec({ origin }), { permissionMode }));
            expect(options.permissionMode).toBe(permissionMode);
            expect(options.allowDangerouslySkipPermissions).toBe(permissionMode === "bypassPermissions");
          }
    },
  );

  test("DOOR-24 puts no rule, no directory and no setting into the arguments", () => {
    const ruled = spec({ allowedTools: ["Bash(deploy:*)"], disallowedTools: ["WebFetch"] });
    for (const kind of ["session", "spare", "one-shot", "recap"] as const) {
      const options = start(kind, "plain", ruled);
      expect([options.allowedTools, options.disallowedTools]).toEqual([undefined, undefined]);
      expect(options.settings).toBe("/data/process-settings/p1.json");
      expect(JSON.stringify(options.additionalDirectories ?? [])).not.toContain("/projects");
    }
  });

  test("has the session's model, words and limits", () => {
    const limited = spec({ appendSystemPrompt: "Be brief.", maxTurns: 3, maxBudgetUsd: 1 });
    expect(start("session", "plain", limited)).toMatchObject({
      systemPrompt: { type: "preset", preset: "claude_code", append: "Be brief." },
      maxTurns: 3,
      maxBudgetUsd: 1,
    });
    expect(start("session").model).toBeUndefined();
    expect(start("session", "plain", Object.assign(spec(), { model: "claude-x" })).model).toBe("claude-x");
  });

  test("DOOR-4 has the system prompt that was chosen in the place of Claude's own, with what was added to it", () => {
    const promptOf = (options: SessionOptions) => start("session", "plain", spec(options)).systemPrompt;
    expect(promptOf({ systemPrompt: "You are a pirate." })).toBe("You are a pirate.");
    const both = { systemPrompt: "You are a pirate.", appendSystemPrompt: "Be brief." };
    expect(promptOf(both)).toBe("You are a pirate.\n\nBe brief.");
  });

  test("reads the words of a project that is not trusted, not even those of one that is suspect", () => {
    const directories = (standing: ProjectStanding) => start("session", standing).additionalDirectories;
    expect(directories("plain")).toEqual(["."]);
    expect(directories("untrusted")).toEqual(["."]);
    expect(directories("suspect")).toEqual([]);
    expect(directories("trusted")).toBeUndefined();
    expect(start("spare").additionalDirectories).toEqual([]);
    // At a spare's claim: the words of a trusted project are not read twice.
    expect(projectStandings.map(readDirectories)).toEqual([["."], ["."], [], []]);
  });

  test("of a recap asks a copy once, without tools, and keeps nothing; a one-shot prompt keeps nothing either", () => {
    expect(start("recap")).toMatchObject({
      resume: "ours",
      forkSession: true,
      tools: [],
      maxTurns: 1,
      persistSession: false,
    });
    expect(start("one-shot")).toMatchObject({ persistSession: false });
    expect(start("one-shot").resume).toBeUndefined();
  });

  test("of a session keeps copies of files for a rewind and tells its words as they come", () => {
    expect(sessionOptions).toMatchObject({ enableFileCheckpointing: true, includePartialMessages: true });
    expect(start("session")).toMatchObject(sessionOptions);
    expect(start("spare")).toMatchObject(sessionOptions);
  });
});

describe("A14 the settings of every start", () => {
  const settings = (changes: Partial<Parameters<typeof startSettings>[0]> = {}) =>
    startSettings({
      spec: spec(),
      rules: [],
      deniedPaths: ["/home/a/.ssh"],
      sandbox: false,
      hasSilentCommands: false,
      hearsOthers: false,
      ...changes,
    });

  test("DOOR-6 deny reading and writing the places that are closed, beside what the session itself denies", () => {
    const denied = settings({ spec: spec({ disallowedTools: ["WebFetch"] }) }).permissions?.deny;
    expect(denied).toEqual(["Read(//home/a/.ssh)", "Edit(//home/a/.ssh)", "WebFetch"]);
  });

  test("DOOR-24 allow what the project's rules and the session's list allow", () => {
    const allowed = settings({ rules: ["Bash(ls:*)"], spec: spec({ allowedTools: ["Read"] }) });
    expect(allowed.permissions?.allow).toEqual(["Bash(ls:*)", "Read"]);
  });

  test("shut other sessions out, unless the owner's own setting decides", () => {
    expect(settings().crossSessionInbound).toBe("refuse");
    expect(settings({ hearsOthers: true }).crossSessionInbound).toBeUndefined();
  });

  test("DOOR-10 switch off shell lines in commands and skills where the repository brings programs for git", () => {
    expect(settings()).not.toHaveProperty("disableSkillShellExecution");
    expect(settings({ hasSilentCommands: true }).disableSkillShellExecution).toBe(true);
  });

  test("with SANDBOX=true deny those places to every program, and let no command out", () => {
    expect(settings().sandbox).toBeUndefined();
    expect(settings({ sandbox: true }).sandbox).toEqual({
      enabled: true,
      failIfUnavailable: true,
      allowUnsandboxedCommands: false,
      filesystem: { denyRead: ["/home/a/.ssh"], denyWrite: ["/home/a/.ssh"] },
    });
  });
});
