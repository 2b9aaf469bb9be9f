import type { ElicitationResult, PermissionResult, PermissionUpdate } from "@anthropic-ai/claude-agent-sdk";
import { type Form, formContent } from "../../domain/sessions/form.ts";
import {
  type PermissionAnswer,
  type PermissionDecision,
  standingRules,
} from "../../domain/sessions/permission.ts";

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

/** The owner's answer to a form in MCP's words. A form that nobody answered is cancelled, and declined in nobody's name. */
export function elicitationResult(answer: PermissionAnswer, form: Form): ElicitationResult {
  if (answer.decision === "deny") return { action: answer.isExpired ? "cancel" : "decline" };
  // The address was opened; what is entered there never comes by here.
  if (form.url !== undefined) return { action: "accept" };
  return { action: "accept", content: formContent(form, answer.answers) };
}
