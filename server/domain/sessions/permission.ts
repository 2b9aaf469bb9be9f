import type { FieldFault } from "../errors.ts";
import type { AgentRef } from "./agent.ts";
import { type Form, type FormValue, formFaults } from "./form.ts";

export const permissionKinds = ["tool", "question", "plan", "form"] as const;
export type PermissionKind = (typeof permissionKinds)[number];

/** How long an "allow" holds: for this call, in this session until it is closed, or in the session's project. */
export const permissionScopes = ["once", "session", "always"] as const;
export type PermissionScope = (typeof permissionScopes)[number];

export interface PermissionDecision {
  decision: "allow" | "deny";
  message?: string;
  updatedInput?: Record<string, unknown>;
  scope?: PermissionScope;
  /** To a question by its words, as texts; to a form by the names of its fields. */
  answers?: Record<string, FormValue>;
}

/** What Claude is told. `isExpired`: nobody answered, and it is denied in nobody's name. */
export interface PermissionAnswer extends PermissionDecision {
  isExpired?: boolean;
}

/**
 * open -> resolved (an answer) | expired (time-out, turn over, process gone, server restarted)
 * Exactly one answer: the store's compare-and-set on `open` decides which was first.
 */
export type PermissionState = "open" | "resolved" | "expired";

export interface Permission {
  permissionId: string;
  sessionId: string;
  turnId: string;
  kind: PermissionKind;
  /** The subagent that asks. Its request outlives the turn that started it. */
  agent?: AgentRef;
  toolName: string;
  /** The tool's use that waits; a form has none. */
  toolUseId?: string;
  title: string;
  description?: string;
  /** The MCP server whose tool, or whose form, it is. */
  server?: string;
  input: Record<string, unknown>;
  plan?: string;
  questions?: unknown[];
  /** Claude's own suggestions of rules that would answer such requests from now on. */
  suggestions: unknown[];
  form?: Form;
  /** The scopes that can be given. */
  scopes: PermissionScope[];
  /** Must not be allowed by its title alone: something is hidden or cut, or the CLI's own default is no. */
  lookFirst: boolean;
  /** The title does not show all that would be done. */
  truncated: boolean;
  requestedAt: number;
  expiresAt: number;
  state: PermissionState;
  decision?: PermissionDecision;
}

const kindByTool: ReadonlyMap<string, PermissionKind> = new Map([
  ["AskUserQuestion", "question"],
  ["ExitPlanMode", "plan"],
]);
export const permissionKindOf = (toolName: string): PermissionKind => kindByTool.get(toolName) ?? "tool";

/**
 * Of the CLI's suggestions those that allow more of the same, as rules. The others are alternatives that it would offer
 * a person: a wider mode would let everything through, behind the back of the session's own mode.
 */
export const standingRules = (suggestions: readonly unknown[]): unknown[] =>
  suggestions.filter(
    (rule) =>
      typeof rule === "object" &&
      rule !== null &&
      "type" in rule &&
      rule.type === "addRules" &&
      "behavior" in rule &&
      rule.behavior === "allow",
  );

/** A permission rule of the CLI: a tool, and optionally the part of its use that is meant. */
const isRule = (rule: unknown): rule is { toolName: string; ruleContent?: unknown } =>
  typeof rule === "object" && rule !== null && "toolName" in rule && typeof rule.toolName === "string";

/**
 * The same in the CLI's own notation: a tool, and in parentheses the part of its use. Parentheses in that are escaped,
 * as the CLI does it, so that no command can end its rule early and begin another.
 */
export const rulesIn = (suggestions: readonly unknown[]): string[] =>
  standingRules(suggestions)
    .flatMap((update) => (update as { rules?: unknown }).rules ?? [])
    .filter(isRule)
    .map(({ toolName, ruleContent }) =>
      typeof ruleContent === "string" && ruleContent !== ""
        ? `${toolName}(${ruleContent.replace(/[\\()]/g, "\\$&")})`
        : toolName,
    );

/**
 * The scopes that can be given: without a rule that could hold longer, this call only. `onceOnly`: the CLI says that its
 * rule would grant more than what is asked.
 */
export const scopesOf = (suggestions: readonly unknown[], onceOnly = false): PermissionScope[] =>
  onceOnly || standingRules(suggestions).length === 0 ? ["once"] : [...permissionScopes];

/** How long the answer holds. */
export const scopeOf = ({ decision, scope }: PermissionDecision): PermissionScope =>
  decision === "allow" ? (scope ?? "once") : "once";

/** The input that will run instead of the one that was asked about; `undefined`: that one. */
export const editedInput = (
  { input }: Pick<Permission, "input">,
  { decision, updatedInput }: PermissionDecision,
): Record<string, unknown> | undefined =>
  decision === "allow" && updatedInput !== undefined && sortedJson(updatedInput) !== sortedJson(input)
    ? updatedInput
    : undefined;

/**
 * Whether two answers are the same (a retry of a lost response) or differ (a conflict). The message of a denial does
 * not count.
 */
export function sameDecision(a: PermissionDecision, b: PermissionDecision): boolean {
  if (a.decision !== b.decision) return false;
  if (a.decision === "deny") return true;
  return (
    (a.scope ?? "once") === (b.scope ?? "once") &&
    sortedJson(a.answers) === sortedJson(b.answers) &&
    sortedJson(a.updatedInput) === sortedJson(b.updatedInput)
  );
}

/** JSON whose keys are in order at every depth: the same for the same value, however it was written. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(value ?? null, (_key, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );

/** Fields of an answer that do not fit the request. Empty: the answer fits. */
export function misfits(permission: Permission, decision: PermissionDecision): FieldFault[] {
  const { answers, updatedInput } = decision;
  const isAllowed = decision.decision === "allow";
  const faults: FieldFault[] = [];
  if (updatedInput !== undefined && !isAllowed)
    faults.push({ path: "updatedInput", message: "says something with allow only" });
  switch (permission.kind) {
    case "tool":
    case "plan":
      if (answers !== undefined)
        faults.push({ path: "answers", message: "can be given to a question or a form only" });
      return faults;
    case "form":
      if (updatedInput !== undefined)
        faults.push({ path: "updatedInput", message: "cannot be given to a form; give answers" });
      return faults;
    case "question":
      if (updatedInput !== undefined)
        faults.push({ path: "updatedInput", message: "cannot be given to a question; give answers" });
      return isAllowed ? [...faults, ...questionFaults(permission, answers ?? {})] : faults;
  }
}

/** Answers that do not fit the form. Empty: they fit, or the permission is no form, or it is denied. */
export const misanswered = ({ form }: Permission, { decision, answers }: PermissionDecision): FieldFault[] =>
  form === undefined || decision === "deny" ? [] : formFaults(form, answers);

function questionFaults(permission: Permission, answers: Record<string, FormValue>): FieldFault[] {
  const faults: FieldFault[] = [];
  const asked = new Set(questionsOf(permission));
  const given = Object.keys(answers);
  if (given.some((question) => !asked.has(question)))
    faults.push({ path: "answers", message: "must be named by the words of the questions" });
  if (given.some((question) => typeof answers[question] !== "string"))
    faults.push({ path: "answers", message: "must be texts" });
  const open = [...asked].filter((question) => !given.includes(question));
  if (open.length > 0)
    faults.push({ path: "answers", message: `must answer every question; ${open.length} have no answer` });
  return faults;
}

const questionsOf = ({ questions = [] }: Permission): string[] =>
  questions.flatMap((one) =>
    typeof one === "object" && one !== null && "question" in one && typeof one.question === "string"
      ? [one.question]
      : [],
  );
