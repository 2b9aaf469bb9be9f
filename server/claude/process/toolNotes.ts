import { randomUUID } from "node:crypto";
import type { HookCallback, HookCallbackMatcher, Options, SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import { noteLine } from "./promptLine.ts";

/** Why a tool's processes were ended, for Claude, and the command line at their top: CLI 2.1 has a shell `eval` the command. */
interface ToolNote {
  why: string;
  commandLine: string;
}

/** A use of a shell that Claude waits for. */
interface ShellUse {
  command: string;
  /** A subagent's use may outlast the turn. */
  isAgents: boolean;
}

/** Of a longer command the kernel, or the signal of its use, may show a part only. */
const mostCompared = 1_000;

/** Letters and digits of a command, which its quoting in a shell's arguments does not change. */
const plain = (text: string): string => text.replace(/[^\p{L}\p{N}]+/gu, "");

const commandOf = (input: unknown): string => {
  const command =
    typeof input === "object" && input !== null && "command" in input ? input.command : undefined;
  return typeof command === "string" ? plain(command).slice(0, mostCompared) : "";
};

const runs = ({ commandLine }: ToolNote, command: string): boolean =>
  command !== "" && plain(commandLine).includes(`eval${command}`);

/** The tools that run programs. */
const shells = ["Bash", "Monitor", "PowerShell"];

/**
 * Notes to Claude about tools whose processes this server has ended. A use that Claude waits for is told by the hook that
 * the CLI calls at its end. A command in the background has no such hook: its note is written to the CLI as a message that
 * begins no turn, which Claude reads with whatever it is asked next, a prompt or the notification of the task's end. A hook
 * at each prompt would do the same, and cost each prompt a round trip.
 */
export class ToolNotes {
  readonly #notes: ToolNote[] = [];
  readonly #uses = new Map<string, ShellUse>();
  /** Ids of the messages that were written to the CLI and that it has not done with. */
  readonly #written = new Set<string>();

  /** Takes a note. Returns the line that is to tell the CLI of it now, empty when a hook is going to take it. */
  add(note: ToolNote): string {
    this.#notes.push(note);
    const uses = [...this.#uses.values()];
    const isHooks =
      note.commandLine === "" ? uses.length > 0 : uses.some(({ command }) => runs(note, command));
    return isHooks ? "" : this.#lines((one) => one === note);
  }

  /** Follows which uses of shells Claude waits for. A command that was put into the background is none from then on. */
  follow(signal: ProcessSignal): void {
    if (signal.kind === "tool-started" && shells.includes(signal.toolName)) {
      const isAgents = signal.agent !== undefined;
      this.#uses.set(signal.toolUseId, { command: commandOf(signal.input), isAgents });
    } else if (signal.kind === "tool-finished") this.#uses.delete(signal.toolUseId);
    else if (signal.kind === "result")
      for (const [toolUseId, { isAgents }] of this.#uses) if (!isAgents) this.#uses.delete(toolUseId);
  }

  /** The lines that tell the CLI of all notes that are left, before a prompt; mostly empty. */
  get linesLeft(): string {
    return this.#notes.length === 0 ? "" : this.#lines(() => true);
  }

  /** Whether the CLI speaks of a note alone: it says of one that it was taken up, and gives it a result of its own. */
  isAbout(message: SDKMessage): boolean {
    if (this.#written.size === 0) return false;
    const { type, command_uuid, state, user_message_uuids } = message as Partial<AboutPrompts>;
    if (type === "command_lifecycle" && command_uuid !== undefined && this.#written.has(command_uuid)) {
      // The result comes before it, or never: a turn that takes the note in between two requests has a result of its own.
      if (state === "completed" || state === "cancelled") this.#written.delete(command_uuid);
      return true;
    }
    const named = type === "result" ? (user_message_uuids ?? []) : [];
    return named.length > 0 && named.every((uuid) => this.#written.has(uuid));
  }

  /** Hooks that take along the notes about uses that Claude waits for. */
  get hooks(): NonNullable<Options["hooks"]> {
    const afterTool: HookCallback = async (input) => {
      if (input.hook_event_name !== "PostToolUse" && input.hook_event_name !== "PostToolUseFailure")
        return {};
      const { hook_event_name: hookEventName, tool_input } = input;
      const command = commandOf(tool_input);
      const own = this.#take((note) => runs(note, command));
      // A tool that failed while a note waits is the one that it is about, however the shell has written its command.
      const notes = own.length === 0 && hookEventName === "PostToolUseFailure" ? this.#take() : own;
      if (notes.length === 0) return {};
      const additionalContext = notes.map(({ why }) => why).join("\n");
      return { hookSpecificOutput: { hookEventName, additionalContext } };
    };
    const ofShells: HookCallbackMatcher[] = [{ matcher: shells.join("|"), hooks: [afterTool] }];
    return { PostToolUse: ofShells, PostToolUseFailure: ofShells };
  }

  #lines(isTaken: (note: ToolNote) => boolean): string {
    const lines = this.#take(isTaken).map(({ why }) => {
      const messageId = randomUUID();
      this.#written.add(messageId);
      return noteLine(messageId, why);
    });
    return lines.join("");
  }

  #take(isTaken: (note: ToolNote) => boolean = () => true): ToolNote[] {
    const taken = this.#notes.filter(isTaken);
    for (const note of taken) this.#notes.splice(this.#notes.indexOf(note), 1);
    return taken;
  }
}

/** The fields of the CLI's messages that name prompts; the SDK has no type for the first kind. */
interface AboutPrompts {
  type: string;
  command_uuid: string;
  state: string;
  user_message_uuids: string[];
}
