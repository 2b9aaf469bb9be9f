import type { HookCallback, HookCallbackMatcher, Options } from "@anthropic-ai/claude-agent-sdk";

/** Why a tool's processes were ended, for Claude, and the command line at their top: CLI 2.1 has a shell `eval` the command. */
interface ToolNote {
  why: string;
  commandLine: string;
}

/** Letters and digits of a command, which its quoting in a shell's arguments does not change. */
const plain = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, "");

const commandOf = (input: unknown): string => {
  const command =
    typeof input === "object" && input !== null && "command" in input ? input.command : undefined;
  return typeof command === "string" ? plain(command) : "";
};

/** The tools that run programs. */
const shells = "Bash|Monitor|PowerShell";

/**
 * Notes to Claude about tools whose processes this server has ended. Claude is told by the hook that the CLI calls next: at
 * the end of that very tool use, or, of a command in the background, with the notification of the task's end.
 */
export class ToolNotes {
  readonly #notes: ToolNote[] = [];

  add(note: ToolNote): void {
    this.#notes.push(note);
  }

  /** Hooks that take the notes along. */
  get hooks(): NonNullable<Options["hooks"]> {
    const afterTool: HookCallback = async (input) => {
      if (input.hook_event_name !== "PostToolUse" && input.hook_event_name !== "PostToolUseFailure")
        return {};
      const { hook_event_name: hookEventName, tool_input } = input;
      const command = commandOf(tool_input);
      const own = this.#take(
        ({ commandLine }) => command !== "" && plain(commandLine).includes(`eval${command}`),
      );
      // A tool that failed while a note waits is the one that it is about, however the shell has written its command.
      const notes = own.length === 0 && hookEventName === "PostToolUseFailure" ? this.#take() : own;
      return notes.length === 0
        ? {}
        : { hookSpecificOutput: { hookEventName, additionalContext: textOf(notes) } };
    };
    const atPrompt: HookCallback = async (input) => {
      const notes = input.hook_event_name === "UserPromptSubmit" ? this.#take() : [];
      if (notes.length === 0) return {};
      const hookEventName = "UserPromptSubmit" as const;
      return { hookSpecificOutput: { hookEventName, additionalContext: textOf(notes) } };
    };
    const ofShells: HookCallbackMatcher[] = [{ matcher: shells, hooks: [afterTool] }];
    return { PostToolUse: ofShells, PostToolUseFailure: ofShells, UserPromptSubmit: [{ hooks: [atPrompt] }] };
  }

  #take(isTaken: (note: ToolNote) => boolean = () => true): ToolNote[] {
    const taken = this.#notes.filter(isTaken);
    for (const note of taken) this.#notes.splice(this.#notes.indexOf(note), 1);
    return taken;
  }
}

const textOf = (notes: readonly ToolNote[]): string => notes.map(({ why }) => why).join("\n");
