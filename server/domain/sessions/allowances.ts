import { type Scope, scopeAllows } from "../delivery/device.ts";
import { DaylongError } from "../errors.ts";
import type { ChosenOptions, PermissionMode, SessionOptions } from "./session.ts";

/** What a session may do without asking because a device said so: use tools, or work in a mode that asks less. */
export const allowanceKinds = ["tools", "mode"] as const;
export type AllowanceKind = (typeof allowanceKinds)[number];

/** An allowance that a session lives by, and the device that gave it. */
export interface Allowance {
  sessionId: string;
  kind: AllowanceKind;
  deviceId: string;
}

/** What the owner has set about allowances, on the computer. */
export interface AllowanceSettings {
  /** `ALLOW_BYPASS_PERMISSIONS`. */
  allowBypassPermissions: boolean;
  /** `CHAT_MAY_ACCEPT_EDITS`. */
  chatMayAcceptEdits: boolean;
}

/** What a request wants of a session. */
export interface WantedAllowances {
  permissionMode?: PermissionMode;
  options?: Pick<SessionOptions, "allowedTools" | "systemPrompt">;
}

/** Modes in which Claude does without asking what it asks about in the default mode. */
export const asksLess = (mode: PermissionMode): boolean =>
  mode === "acceptEdits" || mode === "bypassPermissions";

/**
 * A rule for a tool that only looks at files. Its content holds no parenthesis and no comma: the CLI takes several rules in
 * one text, so that `Read(a),Bash` would be two.
 */
const readingRule = /^(?:Read|Grep|Glob|LS|NotebookRead)(?:\([^(),]*\))?$/;

/** The rules that allow more than looking at files. */
export const beyondReading = (allowedTools: readonly string[]): string[] =>
  allowedTools.filter((rule) => !readingRule.test(rule));

/**
 * Throws `permission_mode_forbidden`, `tools_forbidden` or `prompt_forbidden` for what a token of the scope may not choose. Bypass
 * mode needs the owner's setting with every token; the rest is open to an admin.
 */
export function refuseBeyondScope(wanted: WantedAllowances, scope: Scope, settings: AllowanceSettings): void {
  const { permissionMode, options = {} } = wanted;
  const isAdmin = scopeAllows(scope, "admin");
  if (permissionMode === "bypassPermissions" && !settings.allowBypassPermissions) {
    throw new DaylongError(
      "permission_mode_forbidden",
      "The mode bypassPermissions has to be enabled on the computer, with ALLOW_BYPASS_PERMISSIONS=true.",
    );
  }
  if (permissionMode === "acceptEdits" && !isAdmin && !settings.chatMayAcceptEdits) {
    throw new DaylongError(
      "permission_mode_forbidden",
      "A token of the scope chat may not choose the mode acceptEdits: CHAT_MAY_ACCEPT_EDITS=false is set on the computer.",
    );
  }
  const more = beyondReading(options.allowedTools ?? []);
  if (more.length > 0 && !isAdmin && !settings.allowBypassPermissions) {
    throw new DaylongError(
      "tools_forbidden",
      `To have ${more.slice(0, 5).join(", ")}${more.length > 5 ? " and more" : ""} run without asking needs a token of the scope admin, or ALLOW_BYPASS_PERMISSIONS=true on the computer.`,
    );
  }
  if (options.systemPrompt !== undefined && !isAdmin) {
    throw new DaylongError(
      "prompt_forbidden",
      "To replace Claude's system prompt needs a token of the scope admin; appendSystemPrompt adds to it.",
    );
  }
}

/** The choices of a session that are told in its view and its first event: those that were made. */
export function chosenOptions({
  allowedTools,
  systemPrompt,
  appendSystemPrompt,
}: SessionOptions): ChosenOptions {
  const chosen: ChosenOptions = {};
  if (allowedTools !== undefined && allowedTools.length > 0) chosen.allowedTools = allowedTools;
  if (systemPrompt !== undefined) chosen.systemPrompt = systemPrompt;
  if (appendSystemPrompt !== undefined) chosen.appendSystemPrompt = appendSystemPrompt;
  return chosen;
}

/** The same choices for the audit, and the mode: names of tools in full, of words how many characters they have. */
export function allowanceDetail(permissionMode: PermissionMode, options: SessionOptions): string {
  const { allowedTools, systemPrompt, appendSystemPrompt } = chosenOptions(options);
  const words = (name: string, text: string | undefined) =>
    text === undefined ? [] : [`${name} of ${text.length} characters`];
  return [
    ...(permissionMode === "default" ? [] : [`permissionMode ${permissionMode}`]),
    ...(allowedTools === undefined ? [] : [`allowedTools ${allowedTools.join(", ")}`]),
    ...words("systemPrompt", systemPrompt),
    ...words("appendSystemPrompt", appendSystemPrompt),
  ].join("; ");
}
