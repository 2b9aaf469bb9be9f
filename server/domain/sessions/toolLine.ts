import { type VisibleLine, visibleLine } from "../visibleText.ts";

/** Most UTF-16 units of a tool's line, without its name: what a lock screen can show. */
const mostUnits = 200;

/** The fields of an input that say what a tool is about to do, the first that is there. */
const tellingFields = ["command", "file_path", "notebook_path", "path", "pattern", "url"] as const;

/**
 * One line that tells a person what a tool is about to do. `cut` and `hidden` say that the line alone is not enough to
 * judge it by.
 */
export function toolLine(toolName: string, input: Record<string, unknown>): VisibleLine {
  const name = visibleLine(toolName, mostUnits);
  const hint = hintOf(input);
  if (hint === undefined) return name;
  const line = visibleLine(hint, mostUnits);
  // The CLI's own sandbox is left out for this one command.
  const unboxed = input.dangerouslyDisableSandbox === true ? " (outside the sandbox)" : "";
  return {
    text: `${name.text}${unboxed}: ${line.text}`,
    hidden: name.hidden || line.hidden,
    cut: name.cut || line.cut,
  };
}

/** The same line, for lists in which nothing is decided. */
export const toolTitle = (toolName: string, input: Record<string, unknown>): string =>
  toolLine(toolName, input).text;

/** The outcome of a tool in a line, and of an edit in numbers of lines. */
export interface ToolOutcome {
  summary?: string;
  insertions?: number;
  deletions?: number;
}

function hintOf(input: Record<string, unknown>): string | undefined {
  for (const field of tellingFields) {
    const value = input[field];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  if (typeof input.description === "string" && input.description !== "") return input.description;
  // A tool of which nothing is known shows what it would be given.
  return Object.keys(input).length === 0 ? undefined : JSON.stringify(input);
}
