import type { Answer } from "../../../client/src/index.ts";

type ClaudeCommand = Answer<"GET /api/sessions/{id}/commands">["commands"][number];

/** What this program does itself; everything else with a slash is Claude's. */
export const ownCommands = [
  { name: "keep-alive", says: "another 24 hours for the session" },
  { name: "recap", says: "what happened so far, without a trace in the conversation" },
  { name: "history", says: "scroll back through the conversation (PageUp)" },
  { name: "interrupt", says: "stop what Claude does (Ctrl-C)" },
  { name: "detach", says: "leave; the session goes on (Ctrl-D)" },
  { name: "keys", says: "what the keys do" },
] as const;
export type OwnCommand = (typeof ownCommands)[number]["name"];

/** A command that may be meant. */
export interface Completion {
  name: string;
  says: string;
  takesWords: boolean;
}

/** Lines of the menu. */
const mostShown = 6;

/** The command of this program that a message is, if it is one. */
export const ownCommandIn = (text: string): OwnCommand | undefined =>
  ownCommands.find(({ name }) => text.trim() === `/${name}`)?.name;

/** Menu of commands whose names begin with what was typed. */
export class CommandMenu {
  #commands: readonly Completion[] = ownCommands.map(completionOfOwn);
  #typed = "";
  #at = 0;
  #isClosed = false;

  /** The session's commands, as last told. */
  learn(commands: readonly ClaudeCommand[]): void {
    const own = ownCommands.map(completionOfOwn);
    const others = commands.filter(({ name }) => !own.some((one) => one.name === name));
    this.#commands = [
      ...own,
      ...others.map(({ name, description, argumentHint }) => ({
        name,
        says: description,
        takesWords: argumentHint !== "",
      })),
    ];
  }

  /** The text in the editor. */
  follow(text: string): void {
    if (text === this.#typed) return;
    this.#typed = text;
    this.#at = 0;
    this.#isClosed = false;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** What the menu shows now, around the chosen one; nothing when no command is being typed. */
  get shown(): Array<Completion & { isChosen: boolean }> {
    const fitting = this.#fitting;
    const from = Math.max(0, Math.min(this.#at - mostShown + 1, fitting.length - mostShown));
    return fitting
      .map((one, index) => ({ ...one, isChosen: index === this.#at }))
      .slice(from, from + mostShown);
  }

  get isOpen(): boolean {
    return this.#fitting.length > 0;
  }

  move(by: 1 | -1): void {
    const { length } = this.#fitting;
    this.#at = (this.#at + by + length) % length;
  }

  /** The text with the chosen command in it. */
  completed(): string | undefined {
    const chosen = this.#fitting[this.#at];
    return chosen === undefined ? undefined : `/${chosen.name}${chosen.takesWords ? " " : ""}`;
  }

  get #fitting(): Completion[] {
    const word = /^\/(\S*)$/.exec(this.#typed)?.[1];
    if (this.#isClosed || word === undefined) return [];
    const fitting = this.#commands.filter(({ name }) => name.startsWith(word));
    // The whole name is typed: there is nothing to complete.
    return fitting.length === 1 && fitting[0]?.name === word ? [] : fitting;
  }
}

function completionOfOwn({ name, says }: (typeof ownCommands)[number]): Completion {
  return { name, says, takesWords: false };
}
