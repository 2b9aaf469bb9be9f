import type { AgentWords, Entry, Mark, Said, ToolUse, Words } from "./entries.ts";

/** One row of the transcript on the screen. */
export type Row =
  | { kind: "said"; key: string; seq: number; said: Said }
  | { kind: "words"; key: string; seq: number; words: Words }
  | { kind: "tools"; key: string; seq: number; tools: Array<ToolUse | AgentWords> }
  | { kind: "mark"; key: string; seq: number; mark: Mark };

/** Entries as rows: tools that follow each other in a turn are one row, which folds into one line. */
export function rowsOf(entries: readonly Entry[]): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const { key, seq } = entry;
    switch (entry.kind) {
      case "said":
        rows.push({ kind: "said", key, seq, said: entry });
        break;
      case "words":
        rows.push({ kind: "words", key, seq, words: entry });
        break;
      case "mark":
        rows.push({ kind: "mark", key, seq, mark: entry });
        break;
      case "tool":
      case "agentWords": {
        const last = rows.at(-1);
        if (last?.kind === "tools" && last.tools[0]?.turnId === entry.turnId) last.tools.push(entry);
        else rows.push({ kind: "tools", key: `tools-${key}`, seq, tools: [entry] });
        break;
      }
    }
  }
  return rows;
}

const verbs: Array<{ tools: RegExp; one: string; many: string }> = [
  { tools: /^(Edit|MultiEdit|Write|NotebookEdit)$/, one: "edit", many: "edits" },
  { tools: /^Bash/, one: "command", many: "commands" },
  { tools: /^Read$/, one: "read", many: "reads" },
  { tools: /^(Grep|Glob|LS|ToolSearch|WebSearch)$/, one: "search", many: "searches" },
  { tools: /^(Agent|Task)$/, one: "subagent", many: "subagents" },
];

/** What the tool does, in one line: of tools whose input says little to a person, what it is for. */
export function titleOf({ toolName, title, input }: ToolUse): string {
  switch (toolName) {
    case "AskUserQuestion": {
      const [first] = Array.isArray(input?.questions)
        ? (input.questions as Array<{ question?: unknown }>)
        : [];
      return typeof first?.question === "string" ? `Asked: ${first.question}` : "Asked a question";
    }
    case "ExitPlanMode":
      return "Proposed a plan";
    default:
      return title;
  }
}

/** The one line that a row of tools folds into. */
export function summaryOf(tools: ReadonlyArray<ToolUse | AgentWords>): string {
  const uses = tools.filter((entry): entry is ToolUse => entry.kind === "tool");
  const running = uses.findLast(({ state }) => state === "running");
  const [first] = uses;
  if (running) return titleOf(running);
  if (first === undefined) return "A subagent wrote";
  if (uses.length === 1) return titleOf(first);
  const counts = new Map<string, number>();
  for (const { toolName } of uses) {
    const name = verbs.find((verb) => verb.tools.test(toolName))?.one ?? toolName;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .map(([name, amount]) => {
      const verb = verbs.find(({ one }) => one === name);
      if (verb === undefined) return amount === 1 ? name : `${name} ${amount} times`;
      return `${amount} ${amount === 1 ? verb.one : verb.many}`;
    })
    .join(", ");
}

/** Lines that the tools added and took away, of their subagents too. */
export function linesChanged(tools: ReadonlyArray<ToolUse | AgentWords>): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const entry of tools) {
    if (entry.kind !== "tool") continue;
    const below = linesChanged(entry.children);
    added += (entry.insertions ?? 0) + below.added;
    removed += (entry.deletions ?? 0) + below.removed;
  }
  return { added, removed };
}
