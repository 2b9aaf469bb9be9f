import type { HookInput } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { ToolNotes } from "../../../../server/claude/process/toolNotes.ts";

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
const prompt = { hook_event_name: "UserPromptSubmit", prompt: "Hello" };

describe("REPORT-2: why a tool was ended", () => {
  const notesFor = (...commands: string[]) => {
    const notes = new ToolNotes();
    for (const command of commands) notes.add({ why: `why ${command}`, commandLine: lineOf(command) });
    return notes;
  };

  test.each([
    ["fails", "PostToolUseFailure"],
    ["ends well all the same", "PostToolUse"],
  ])("REPORT-2: is told when the tool %s, once", async (_how, event) => {
    const notes = notesFor("make all");
    expect(await told(notes, ended("make all", event))).toBe("why make all");
    expect(await told(notes, ended("make all", event))).toBeUndefined();
    expect(await told(notes, prompt)).toBeUndefined();
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

  test("REPORT-2: is told with the next failure when the shell has written the command otherwise", async () => {
    const notes = new ToolNotes();
    notes.add({ why: "why", commandLine: "" });
    expect(await told(notes, ended("make all"))).toBe("why");
  });

  test("REPORT-2: is known though quotes and escapes of the command were changed for the shell", async () => {
    const notes = new ToolNotes();
    notes.add({ why: "why", commandLine: `bash -c eval 'echo '"'"'a b'"'"' \\$HOME' < /dev/null` });
    expect(await told(notes, ended("echo 'a b' $HOME", "PostToolUse"))).toBe("why");
  });

  test("REPORT-2: of a command in the background comes with the notification of its end", async () => {
    const notes = notesFor("make all", "npm test");
    expect(await told(notes, prompt)).toBe("why make all\nwhy npm test");
    expect(await told(notes, prompt)).toBeUndefined();
  });

  test("REPORT-2: is asked about after shells only, and nothing is said where nothing was ended", async () => {
    const notes = new ToolNotes();
    expect(notes.hooks.PostToolUse?.[0]?.matcher).toContain("Bash");
    expect(await told(notes, ended("ls"))).toBeUndefined();
    expect(await told(notes, prompt)).toBeUndefined();
  });
});
