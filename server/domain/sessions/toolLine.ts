import { isTooDeep, withoutDepths } from "../cutJson.ts";
import { type VisibleLine, visibleLine } from "../visibleText.ts";

/** Most UTF-16 units of a tool's line, without its name: what a lock screen can show. */
const mostUnits = 200;

/** Most of the names of fields that do not fit. */
const mostNamesUnits = 80;

/** The fields of an input that say what a tool is about to do, the first that is there. */
const tellingFields = ["command", "file_path", "notebook_path", "path", "pattern", "url"] as const;

/** The tools whose field is the whole of what they do, each with its fields that change nothing of that. */
const quietFields: Readonly<Record<string, ReadonlySet<string>>> = {
  Bash: new Set(["description", "timeout", "run_in_background"]),
  Monitor: new Set(["description", "timeout_ms"]),
  Read: new Set(["offset", "limit", "pages"]),
};
/** The tools whose first telling field is shown before the others; of every other tool the input is shown as it is. */
const knownTools: ReadonlySet<string> = new Set([
  ...["Bash", "Monitor", "Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "Agent", "Task"],
  ...["Glob", "Grep", "LS", "WebFetch"],
]);

/**
 * One line that tells a person what a tool is about to do, with every word of its input that takes effect. `cut` and
 * `hidden` say that the line alone is not enough to judge it by: what does not fit is named, and counts as cut.
 */
export function toolLine(toolName: string, input: Record<string, unknown>): VisibleLine {
  const name = visibleLine(toolName, mostUnits);
  if (Object.keys(input).length === 0) return name;
  const field = knownTools.has(toolName) ? tellingFieldOf(input) : undefined;
  const line = visibleLine(field === undefined ? jsonOf(input) : String(input[field]), mostUnits);
  const others = field === undefined ? {} : othersOf(toolName, input, field);
  const names = Object.keys(others);
  const whole = names.length === 0 ? undefined : visibleLine(jsonOf(others), mostUnits);
  const fits = whole === undefined || (!whole.cut && line.text.length + whole.text.length < mostUnits);
  const rest = fits ? (whole?.text ?? "") : `… and ${visibleLine(names.join(", "), mostNamesUnits).text}`;
  return {
    text: `${name.text}${unboxed(toolName, input)}: ${line.text}${rest === "" ? "" : ` ${rest}`}`,
    hidden: name.hidden || line.hidden || (fits && whole?.hidden === true),
    cut: name.cut || line.cut || !fits || isTooDeep(input),
  };
}

/** A short line, for lists in which nothing is decided: of the input the one field that tells most. */
export function toolTitle(toolName: string, input: Record<string, unknown>): string {
  const name = visibleLine(toolName, mostUnits).text;
  const field = tellingFieldOf(input);
  const hint = field === undefined ? jsonIfAny(input) : String(input[field]);
  return hint === undefined
    ? name
    : `${name}${unboxed(toolName, input)}: ${visibleLine(hint, mostUnits).text}`;
}

/** The fields that take effect beside the one that is shown, and the CLI's own sandbox, which is said by itself. */
function othersOf(toolName: string, input: Record<string, unknown>, shown: string): Record<string, unknown> {
  const quiet = quietFields[toolName];
  return Object.fromEntries(
    Object.entries(input).filter(
      ([name, value]) =>
        name !== shown &&
        value !== undefined &&
        quiet?.has(name) !== true &&
        !(toolName === "Bash" && name === "dangerouslyDisableSandbox" && typeof value === "boolean"),
    ),
  );
}

/** The CLI's own sandbox is left out for this one command. */
const unboxed = (toolName: string, { dangerouslyDisableSandbox }: Record<string, unknown>): string =>
  toolName === "Bash" && dangerouslyDisableSandbox === true ? " (outside the sandbox)" : "";

/** The outcome of a tool in a line, and of an edit in numbers of lines. */
export interface ToolOutcome {
  summary?: string;
  insertions?: number;
  deletions?: number;
}

function tellingFieldOf(input: Record<string, unknown>): string | undefined {
  const isText = (field: string) => typeof input[field] === "string" && input[field].trim() !== "";
  return tellingFields.find(isText) ?? (isText("description") ? "description" : undefined);
}

/** A text of any length on one line: in JSON its line feeds are escapes. */
const jsonOf = (input: Record<string, unknown>): string => JSON.stringify(withoutDepths(input));

const jsonIfAny = (input: Record<string, unknown>): string | undefined =>
  // A tool of which nothing is known shows what it would be given.
  Object.keys(input).length === 0 ? undefined : jsonOf(input);
