import type {
  CanUseTool,
  ElicitationRequest,
  OnElicitation,
  PermissionResult,
} from "@anthropic-ai/claude-agent-sdk";
import { isTooDeep, mostDepth } from "../../domain/cutJson.ts";
import type { Log } from "../../domain/ports.ts";
import type { PermissionRequest, ProcessListener } from "../../domain/processes/process.ts";
import { type Form, formOf } from "../../domain/sessions/form.ts";
import { permissionKindOf } from "../../domain/sessions/permission.ts";
import { toolLine } from "../../domain/sessions/toolLine.ts";
import { headOf, type VisibleLine, visibleLine, visibleText } from "../../domain/visibleText.ts";
import { elicitationResult, permissionResult } from "./permissionResult.ts";

/** Most of a question, and of a description, in UTF-16 units. */
const mostQuestionUnits = 500;
const mostDescriptionUnits = 1_000;

/** The turn of a request, and the subagent that makes it. */
type Asker = Pick<PermissionRequest, "turnId" | "agent">;

/**
 * The permission request that the CLI makes before a tool, in our words. A lock screen shows its title, which therefore has
 * to say what would be done, and to say when it cannot.
 */
export function permissionRequestOf(
  toolName: string,
  input: Record<string, unknown>,
  context: Parameters<CanUseTool>[2],
  asker: Asker,
): PermissionRequest {
  const title = titleOf(toolName, input, context.title ?? undefined);
  const description = describe(context.description ?? context.decisionReason ?? context.title);
  return {
    turnId: asker.turnId,
    agent: asker.agent,
    toolName,
    toolUseId: context.toolUseID,
    title: title.text,
    description: description?.text,
    server: context.mcpServer && visibleLine(context.mcpServer.name, mostQuestionUnits).text,
    input,
    suggestions: context.suggestions ?? [],
    onceOnly: context.suppressAlwaysAllowRule === true,
    lookFirst:
      title.cut ||
      title.hidden ||
      description?.hidden === true ||
      context.defaultToNo === true ||
      grantsMore(toolName, input),
    truncated: title.cut,
    signal: context.signal,
  };
}

/** The most that is said of a tool that is refused unasked. */
const mostNameUnits = 100;

/**
 * Asks the owner about a tool. An input that is nested deeper than anything can be shown of it, stored or sent is refused
 * unasked, with the reason: Claude may call the tool with another one.
 */
export async function askForTool(
  toolName: string,
  input: Record<string, unknown>,
  context: Parameters<CanUseTool>[2],
  asked: {
    asker: Asker;
    /** Why the CLI was made to ask; goes before what Claude says about the use. */
    why: string | undefined;
    listener: Pick<ProcessListener, "askPermission">;
    log: Log;
    sessionId: string;
  },
): Promise<PermissionResult> {
  const { asker, why, listener, log, sessionId } = asked;
  if (isTooDeep(input) || isTooDeep(context.suggestions)) {
    log.warn("permission.not_shown", { sessionId, toolName: headOf(toolName, mostNameUnits) });
    const message = `Nobody was asked: the input is nested deeper than ${mostDepth} levels, which cannot be shown.`;
    return { behavior: "deny", message };
  }
  const ask = permissionRequestOf(toolName, input, context, asker);
  ask.description = why ?? ask.description;
  return permissionResult(await listener.askPermission(ask), input, ask.suggestions);
}

/** A form that an MCP server asks for; or why it cannot be shown. */
export function formRequestOf(
  request: ElicitationRequest,
  signal: AbortSignal,
  asker: Asker,
): PermissionRequest | { unfit: string } {
  const made = formOf(request);
  if ("unfit" in made) return made;
  const { form } = made;
  const title = visibleLine(request.message, mostQuestionUnits);
  return {
    turnId: asker.turnId,
    agent: asker.agent,
    toolName: "Elicitation",
    title: `${form.server || "A server"}: ${title.text}`,
    description: describe(request.description)?.text ?? form.url,
    server: form.server,
    input: inputOf(form),
    suggestions: [],
    form,
    onceOnly: true,
    lookFirst: title.cut || title.hidden,
    truncated: title.cut,
    signal,
  };
}

const inputOf = ({ message, url }: Form): Record<string, unknown> =>
  url === undefined ? { message } : { message, url };

/** Of a tool our own line, never the CLI's sentence about it: that one may leave out what runs. */
function titleOf(toolName: string, input: Record<string, unknown>, said: string | undefined): VisibleLine {
  switch (permissionKindOf(toolName)) {
    case "question":
      return visibleLine(said ?? firstQuestionOf(input) ?? "Claude has a question", mostQuestionUnits);
    case "plan":
      return visibleLine(said ?? "Claude has made a plan", mostQuestionUnits);
    default:
      return toolLine(toolName, input);
  }
}

/** A plan that asks for permissions of commands beside its words: they are in no title, and the plan need not name them. */
const grantsMore = (toolName: string, { allowedPrompts }: Record<string, unknown>): boolean =>
  permissionKindOf(toolName) === "plan" &&
  allowedPrompts !== undefined &&
  !(Array.isArray(allowedPrompts) && allowedPrompts.length === 0);

const describe = (text: string | undefined) =>
  text === undefined ? undefined : visibleText(headOf(text, mostDescriptionUnits));

function firstQuestionOf({ questions }: Record<string, unknown>): string | undefined {
  const first: unknown = Array.isArray(questions) ? questions[0] : undefined;
  const isAsked = typeof first === "object" && first !== null && "question" in first;
  return isAsked && typeof first.question === "string" ? first.question : undefined;
}

/** A form of an MCP server's. The CLI does not say which tool's use it belongs to: it is the turn's that runs. */
export async function fillInForm(
  request: Parameters<OnElicitation>[0],
  asked: {
    signal: AbortSignal;
    turnId: string | undefined;
    listener: Pick<ProcessListener, "askPermission">;
    log: Log;
    sessionId: string;
  },
): ReturnType<OnElicitation> {
  const { signal, turnId, listener, log, sessionId } = asked;
  const ask = formRequestOf(request, signal, { turnId });
  if (!("unfit" in ask) && ask.form !== undefined)
    return elicitationResult(await listener.askPermission(ask), ask.form);
  // Cancelled, and not declined: nobody was asked.
  const reason = "unfit" in ask ? ask.unfit : "";
  log.warn("form.not_shown", { sessionId, server: request.serverName, reason });
  return { action: "cancel" };
}
