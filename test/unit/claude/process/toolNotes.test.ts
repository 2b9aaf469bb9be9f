import type { HookInput, SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { ToolNotes } from "../../../../server/claude/process/toolNotes.ts";
import type { ProcessSignal } from "../../../../server/domain/processes/process.ts";

const lineOf = (command: string) =>
  `/bin/bash -c source snapshot.sh && eval '${command}' < /dev/null && pwd -P`;

async function told(notes: ToolNotes, input: Record<string, unknown>): Promise<string | undefined> {
  const event = input.hook_event_name as "PostToolUse";
  const [matcher] = notes.hooks[event] ?? [];
  const signal = new AbortController().signal;
  const answer = await matcher?.hooks[0]?.(input as unknown as HookInput, undefined, { signal });
  const output = answer && "hookSpecificOutput" in answer ? answer.hookSpecificOutput : undefined;
  return output && "additionalContext" in output ? output.additionalContext : undefined;
}
const ended = (command: string, event = "PostToolUseFailure") => ({
  hook_event_name: event,
  tool_name: "Bash",
  tool_input: { command },
});

const turnId = "t1";
const use = (command: string, extra: object = {}): ProcessSignal => ({
  kind: "tool-started",
  turnId,
  toolUseId: command,
  toolName: "Bash",
  title: command,
  input: { command },
  ...extra,
});
const finished = (command: string): ProcessSignal => ({
  kind: "tool-finished",
  turnId,
  toolUseId: command,
  failed: false,
});
const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 };
const result: ProcessSignal = {
  kind: "result",
  turnId,
  result: { outcome: "completed", text: "", usage, durationMs: 0, numTurns: 1, totalCostUsd: 0 },
};
const noteOf = (command: string) => ({ why: `why ${command}`, commandLine: lineOf(command) });
/** What lines for the CLI say, and that each says it in a message that begins no turn and is nobody's words. */
function saidIn(lines: string): string[] {
  return lines.split("\n").flatMap((line) => {
    if (line === "") return [];
    const { message, ...rest } = JSON.parse(line) as { message: { content: string }; uuid: string };
    expect(rest).toMatchObject({ type: "user", shouldQuery: false, isSynthetic: true });
    expect(rest.uuid).toMatch(/^[\da-f-]{36}$/);
    return [message.content];
  });
}

describe("REPORT-2: why a tool was ended", () => {
  /** Notes about commands that Claude waits for. */
  const notesFor = (...commands: string[]) => {
    const notes = new ToolNotes();
    for (const command of commands) notes.follow(use(command));
    for (const command of commands) expect(notes.add(noteOf(command))).toBe("");
    return notes;
  };

  test.each([
    ["fails", "PostToolUseFailure"],
    ["ends well all the same", "PostToolUse"],
  ])("REPORT-2: is told when the tool %s, once", async (_how, event) => {
    const notes = notesFor("make all");
    expect(await told(notes, ended("make all", event))).toBe("why make all");
    expect(await told(notes, ended("make all", event))).toBeUndefined();
    expect(notes.linesLeft).toBe("");
  });

  test("REPORT-2: is told at the end of the very command that it is about, of two at once", async () => {
    const notes = notesFor("make all", "npm test");
    expect(await told(notes, ended("npm test"))).toBe("why npm test");
    expect(await told(notes, ended("make all"))).toBe("why make all");
  });

  test("REPORT-2: is not told at the end of another command that went well", async () => {
    const notes = notesFor("make all");
    expect(await told(notes, ended("ls", "PostToolUse"))).toBeUndefined();
    expect(await told(notes, { ...ended("", "PostToolUse"), tool_input: {} })).toBeUndefined();
    expect(await told(notes, ended("make all"))).toBe("why make all");
  });

  test("REPORT-2: is told with the next failure when the command line cannot be read", async () => {
    const notes = new ToolNotes();
    notes.follow(use("make all"));
    expect(notes.add({ why: "why", commandLine: "" })).toBe("");
    expect(await told(notes, ended("make all"))).toBe("why");
  });

  test("REPORT-2: is known though quotes and escapes of the command were changed for the shell", async () => {
    const notes = new ToolNotes();
    notes.follow(use("echo 'a b' $HOME"));
    notes.add({ why: "why", commandLine: `bash -c eval 'echo '"'"'a b'"'"' \\$HOME' < /dev/null` });
    expect(await told(notes, ended("echo 'a b' $HOME", "PostToolUse"))).toBe("why");
  });

  test("REPORT-2: is known though a part of a long command is seen only", async () => {
    const notes = new ToolNotes();
    const command = `echo ${"word ".repeat(2_000)}`;
    notes.follow(use(command));
    expect(notes.add({ why: "why", commandLine: lineOf(command).slice(0, 4_096) })).toBe("");
    expect(await told(notes, ended(command))).toBe("why");
  });

  test.each([
    ["was put into the background", [use("make all"), finished("make all")]],
    ["was left behind by an interrupt", [use("make all"), result]],
    ["runs beside one that Claude waits for", [use("npm test")]],
    ["runs beside a tool that is no shell", [use("make all", { toolName: "Read" })]],
    ["nothing is known of", []],
  ])(
    "REPORT-2: of a command that %s is written at once, and no hook says it again",
    async (_what, signals) => {
      const notes = new ToolNotes();
      for (const signal of signals) notes.follow(signal);
      expect(saidIn(notes.add(noteOf("make all")))).toEqual(["why make all"]);
      expect(await told(notes, ended("npm test"))).toBeUndefined();
      expect(notes.linesLeft).toBe("");
    },
  );

  test("REPORT-2: waits for the command of a subagent, which goes on when the turn is over", async () => {
    const notes = new ToolNotes();
    notes.follow(use("make all", { agent: { agentId: "a1" }, parentToolUseId: "use" }));
    notes.follow(result);
    expect(notes.add(noteOf("make all"))).toBe("");
    expect(await told(notes, ended("make all"))).toBe("why make all");
  });

  test("REPORT-2: that no hook has taken comes before the next prompt, a message each", () => {
    const notes = notesFor("make all", "npm test");
    expect(saidIn(notes.linesLeft)).toEqual(["why make all", "why npm test"]);
    expect(notes.linesLeft).toBe("");
  });

  test("REPORT-2: costs nothing where nothing was ended: only the end of a shell is asked about, no prompt", async () => {
    const notes = new ToolNotes();
    expect(Object.keys(notes.hooks)).toEqual(["PostToolUse", "PostToolUseFailure"]);
    for (const [matcher] of Object.values(notes.hooks)) expect(matcher?.matcher).toContain("Bash");
    expect(await told(notes, ended("ls"))).toBeUndefined();
    expect(notes.linesLeft).toBe("");
  });

  test("REPORT-2: is no turn: what the CLI says of the message is known until it has done with it", () => {
    const notes = new ToolNotes();
    const { uuid } = JSON.parse(notes.add(noteOf("make all"))) as { uuid: string };
    const isAbout = (message: object) => notes.isAbout(message as SDKMessage);
    const lifecycle = (state: string, of = uuid) => ({ type: "command_lifecycle", command_uuid: of, state });
    const resultOf = (...uuids: string[]) => ({ type: "result", user_message_uuids: uuids });
    expect(isAbout(lifecycle("queued"))).toBe(true);
    expect(isAbout(lifecycle("started"))).toBe(true);
    expect(isAbout(lifecycle("started", "a-prompt"))).toBe(false);
    expect(isAbout(resultOf("a-prompt"))).toBe(false);
    expect(isAbout(resultOf("a-prompt", uuid))).toBe(false);
    expect(isAbout({ type: "result" })).toBe(false);
    expect(isAbout({ type: "system", subtype: "status", user_message_uuids: [uuid] })).toBe(false);
    expect(isAbout(resultOf(uuid))).toBe(true);
    expect(isAbout(lifecycle("completed"))).toBe(true);
    expect(isAbout(lifecycle("completed"))).toBe(false);
    expect(isAbout(resultOf(uuid))).toBe(false);
  });
});
