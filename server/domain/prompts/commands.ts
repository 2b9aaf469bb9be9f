/** A command that the CLI of a session has reported: its own, or one of a skill, a plugin, an MCP server. */
export interface ClaudeCommand {
  /** Without the slash. */
  name: string;
  description: string;
  argumentHint: string;
  aliases: readonly string[];
  /** The CLI's own. */
  builtin: boolean;
}

/** A map and no object: a message may begin with `/constructor`, which every object has. */
function namesOf(names: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(names));
}

/**
 * The CLI's own commands that change its settings, accounts, servers or modes for good, for terminals too, or write out what
 * it holds; and what does the same here. Seen in CLI 2.1.330.
 */
const refusedCommands: ReadonlyMap<string, string> = namesOf({
  config: "Claude's own settings are changed on the computer; the session's by PATCH /api/sessions/:id.",
  "update-config": "Claude's own settings are changed on the computer.",
  model: "The model is changed by PATCH /api/sessions/:id with model.",
  effort: "The effort is changed on the computer, in Claude's own settings.",
  fast: "The fast mode is changed on the computer, in Claude's own settings.",
  autocompact: "When a conversation is compacted is changed on the computer, in Claude's own settings.",
  mcp: "MCP servers are set up on the computer.",
  agents: "Subagents are set up on the computer.",
  "output-style": "The output style is changed on the computer, in Claude's own settings.",
  "auto-mode-setup": "The permission mode is changed by PATCH /api/sessions/:id with permissionMode.",
  "fewer-permission-prompts":
    "Answer a permission with the scope always, by POST /api/permissions/:permissionId, to be asked less.",
  login: "Claude is logged in on the computer.",
  logout: "Claude is logged out on the computer.",
  heapdump: "The memory of a process is not written out on a message's word.",
  "reload-plugins":
    "DELETE /api/sessions/:id or POST /api/sessions/cancel ends the process; the next has new plugins.",
  "reload-skills":
    "DELETE /api/sessions/:id or POST /api/sessions/cancel ends the process; the next has new skills.",
  doctor: "The installation is looked at on the computer; GET /health says what is wrong.",
  "plugin-authoring": "Plugins are made on the computer.",
});

/** Other names of refused commands, for a session whose process has not said what it has. */
const otherNames = namesOf({ settings: "config", checkup: "doctor" });

/** The CLI's own commands that do nothing but work in the session. Seen in CLI 2.1.330. */
const harmlessCommands: ReadonlySet<string> = new Set([
  ...["batch", "claude-api", "clear", "code-review", "color", "compact", "context", "dataviz", "debug"],
  ...["deep-research", "focus", "goal", "init", "insights", "list-agents", "loop", "recap", "rename", "run"],
  ...["run-skill-generator", "security-review", "simplify", "team-onboarding", "usage", "verify"],
  "workflow-authoring",
]);

/** Commands after which the CLI reads the project's CLAUDE.md again. */
const rereadingCommands: ReadonlySet<string> = new Set(["clear", "reset", "new", "compact"]);

/**
 * Whether a message may begin with the command. The CLI's own commands are passed by name, so that one of a later version is
 * not before somebody has looked at what it does; commands of skills, plugins and MCP servers pass.
 */
export const isCommandAllowed = (name: string, builtin = false): boolean =>
  !refusedCommands.has(otherNames.get(name) ?? name) && (!builtin || harmlessCommands.has(name));

/** The name of the command that the text would be for the CLI; `undefined` when it is none (`/Users/me/app is broken`). */
export const commandNameIn = (text: string): string | undefined =>
  /^\/([a-zA-Z0-9_][a-zA-Z0-9:_-]*)(?:\s|$)/.exec(text)?.[1];

/** Whether the CLI reads the project's own words again when it gets the text. */
export const makesCliReadAgain = (text: string): boolean => rereadingCommands.has(commandNameIn(text) ?? "");

/** What the text's first word is for a process that has these commands; `undefined`: which it has is not known. */
export type CommandVerdict =
  | { kind: "words" }
  /** A command that the process does not have. */
  | { kind: "unknown" }
  | { kind: "command"; name: string }
  | { kind: "refused"; name: string; detail: string };

/** Judges the first word of a message. Pure. */
export function judgeCommand(text: string, commands: readonly ClaudeCommand[] | undefined): CommandVerdict {
  const typed = commandNameIn(text);
  if (typed === undefined) return { kind: "words" };
  // A typed alias runs a command that has it as its name, when there is one.
  const rows = commands?.filter(({ name }) => name === typed) ?? [];
  const named = rows.length > 0 ? rows : (commands?.filter(({ aliases }) => aliases.includes(typed)) ?? []);
  // Of rows that share a name the CLI runs its own.
  const meant = named.find(({ builtin }) => builtin) ?? named[0];
  const name = meant?.name ?? otherNames.get(typed) ?? typed;
  if (!isCommandAllowed(name, meant?.builtin) || !isCommandAllowed(typed))
    return { kind: "refused", name, detail: refusalOf(name, typed) };
  if (commands !== undefined && meant === undefined) return { kind: "unknown" };
  return { kind: "command", name };
}

const refusalOf = (name: string, typed: string): string => {
  const reason =
    refusedCommands.get(name) ??
    refusedCommands.get(typed) ??
    "It is one of Claude's own that this version of Daylong does not know; use it in a terminal.";
  return `/${typed} is not taken from a message. ${reason}`;
};
