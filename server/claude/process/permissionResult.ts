import type { PermissionResult, PermissionUpdate } from "@anthropic-ai/claude-agent-sdk";
import { type PermissionDecision, standingRules } from "../../domain/sessions/permission.ts";

/** The owner's answer in the CLI's words. */
export function permissionResult(
  decision: PermissionDecision,
  input: Record<string, unknown>,
  suggestions: unknown[],
): PermissionResult {
  if (decision.decision === "deny")
    return { behavior: "deny", message: decision.message ?? "The owner declined." };
  const updatedInput =
    decision.updatedInput ?? (decision.answers ? { ...input, answers: decision.answers } : input);
  const rules = standingRules(suggestions) as PermissionUpdate[];
  switch (decision.scope ?? "once") {
    case "once":
      return { behavior: "allow", updatedInput };
    case "session":
    // The rules for later processes are kept by Daylong (`project_rules`, `session_rules`): for this process both are the same.
    case "always":
      return {
        behavior: "allow",
        updatedInput,
        updatedPermissions: rules.map((rule) => ({ ...rule, destination: "session" as const })),
      };
  }
}
