export const permissionKinds = ["tool", "question", "plan"] as const;
export type PermissionKind = (typeof permissionKinds)[number];

/** How long an "allow" holds: this call, this session's process, or as a rule in Claude's own settings. */
export const permissionScopes = ["once", "session", "always"] as const;
export type PermissionScope = (typeof permissionScopes)[number];

export interface PermissionDecision {
  decision: "allow" | "deny";
  message?: string;
  updatedInput?: Record<string, unknown>;
  scope?: PermissionScope;
  answers?: Record<string, string>;
}

/**
 * open -> resolved (an answer) | expired (time-out, turn over, process gone, server restarted)
 * Exactly one answer: the store's compare-and-set on `open` decides who was first.
 */
export type PermissionState = "open" | "resolved" | "expired";

export interface Permission {
  permissionId: string;
  sessionId: string;
  turnId: string;
  kind: PermissionKind;
  toolName: string;
  title: string;
  description?: string;
  input: Record<string, unknown>;
  plan?: string;
  questions?: unknown[];
  /** Claude's own suggestions of rules that would answer such requests from now on. */
  suggestions: unknown[];
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

/** Same answer, said again (a retry of a lost response) or another one (a conflict)? */
export function sameDecision(a: PermissionDecision, b: PermissionDecision): boolean {
  return a.decision === b.decision && (a.scope ?? "once") === (b.scope ?? "once");
}
