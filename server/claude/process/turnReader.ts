import type { SDKMessage, SDKMessageOrigin } from "@anthropic-ai/claude-agent-sdk";
import type { ProcessSignal } from "../../domain/processes/process.ts";
import type { AgentRef } from "../../domain/sessions/agent.ts";
import type { OwnOrigin } from "../../domain/sessions/turn.ts";
import { TaskReader } from "./taskReader.ts";
import { contentOf, resultOf, type TurnContent, translate } from "./translate.ts";
import { WakeupReader } from "./wakeupReader.ts";

/** CLI 2.1.330 announces each prompt, and each wake-up that is due, by such a line; the SDK has no type for it. */
interface CommandLifecycle {
  type: "command_lifecycle";
  command_uuid: string;
  state: string;
  wakeup_source?: string;
}

/** A message of the CLI's stream. */
export type StreamMessage = SDKMessage | CommandLifecycle;

type ResultMessage = Extract<SDKMessage, { type: "result" }>;

/** The fields by which a message names the prompts that it answers. */
interface NamesPrompts {
  user_message_uuid?: string;
  user_message_uuids?: string[];
}

/**
 * Tool uses whose turn is remembered, and subagents with their names. A subagent's messages name the use that started it,
 * hours later.
 */
const mostRemembered = 10_000;

/** Of a result that the CLI did not give. */
const noFigures = {
  text: "",
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheCreationTokens: 0 },
  durationMs: 0,
  numTurns: 0,
  totalCostUsd: undefined,
};

/**
 * Reader of one CLI process's stream: decides which turn each text, tool use, permission and result belongs to. Pure but
 * for its own state and the ids it is given. The CLI works on one turn at a time, a prompt's or one of its own; what it
 * says is `active`'s. Prompts that were written and not taken up are `waiting`.
 *
 *   active   message                                        active afterwards, signals
 *   any      names a waiting prompt (lifecycle "started",   that prompt: own-ended if an own turn was active
 *            status, or the first frame of its answer)      (the CLI folds a prompt into it), prompt-started
 *   none     lifecycle "started" of no prompt of ours,      an own turn: own-started
 *            or content, or "requesting", naming none
 *   any      result that names prompts of ours              none: own-ended if an own turn was active, result of each
 *   own      result that names none of ours                 none: result of the own turn
 *   prompt   result that names nothing, without an origin   none: result of the prompt
 *   none     failed result like that                        none: result of the next waiting prompt, or of no known turn
 *   other    result                                         unchanged, nothing: after a resume the CLI reports the tasks
 *                                                           that were cut off with an empty result of no turn
 *   any      lifecycle "cancelled" of a waiting prompt      unchanged: interrupted result of it
 *   own      the session is "idle": the result was lost     none: completed result of the own turn, without figures
 *
 * A subagent's messages belong to the turn of the tool use that started it, whatever is active, also after its end.
 */
export class TurnReader {
  readonly #newId: () => string;
  #active: { turnId: string; isOwn: boolean } | undefined;
  #lastTurnId: string | undefined;
  readonly #waiting: string[] = [];
  readonly #turnOfTool = new Map<string, string>();
  readonly #awaitedTools = new Map<string, Array<(turnId: string | undefined) => void>>();
  readonly #agents = new Map<string, AgentRef>();
  readonly #tasks = new TaskReader();
  readonly #wakeups = new WakeupReader();
  /** Why the next own turn begins, as far as the stream has said. */
  #nextOrigin: OwnOrigin = "other";
  #hasTasks = false;
  /** Messages that the last compaction kept. Of these CLI 2.1.330 says the outputs of its own commands once more. */
  #kept: ReadonlySet<string> = new Set();

  constructor(parts: { newId: () => string }) {
    this.#newId = parts.newId;
  }

  /** The prompt of the turn is being written to the CLI. */
  given(turnId: string): void {
    this.#waiting.push(turnId);
  }

  /** The signals of the stream's next message, in order. */
  read(message: StreamMessage): ProcessSignal[] {
    if (message.type === "command_lifecycle") return this.#readLifecycle(message);
    this.#noteTasks(message);
    if (message.type === "result") return this.#readResult(message);
    if (this.#active?.isOwn === true && isRest(message)) return this.#endWithoutResult(this.#active.turnId);
    const signals: ProcessSignal[] = [];
    const begun = this.#waitingNamedBy(message).at(-1);
    if (begun !== undefined) this.#beginPrompt(begun, signals);
    if (message.type === "system" && message.subtype === "compact_boundary")
      this.#kept = new Set(message.compact_metadata.preserved_messages?.uuids);
    const content = this.#isRepeated(message) ? [] : contentOf(message);
    if (this.#active === undefined && (isRequest(message) || content.some(isClaudes)))
      this.#beginOwn(signals);
    for (const one of content) {
      const turnId = this.#turnOf(one);
      if (turnId === undefined) continue;
      if (one.kind === "tool-started") this.#rememberTool(one.toolUseId, turnId);
      signals.push({ ...one, turnId } as ProcessSignal);
    }
    const turnOf = (toolUseId: string) => this.#turnOfTool.get(toolUseId);
    signals.push(...this.#tasks.read(message, turnOf), ...this.#wakeups.read(message, turnOf));
    signals.push(...translate(message));
    return signals;
  }

  /**
   * The turn of a tool use that Claude asks a permission for. The request overtakes the message that shows the use: so the
   * answer may come with a later message. `undefined` after `close`, when the use was never seen.
   */
  turnOfTool(toolUseId: string): Promise<string | undefined> {
    const known = this.#turnOfTool.get(toolUseId);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#awaitedTools.set(toolUseId, [...(this.#awaitedTools.get(toolUseId) ?? []), resolve]);
    });
  }

  /** The turn that Claude works on, else the last one. */
  get latestTurnId(): string | undefined {
    return this.#active?.turnId ?? this.#lastTurnId;
  }

  /** The subagent of this id, with its name as far as the stream has said it. */
  agent(agentId: string | undefined): AgentRef | undefined {
    return agentId === undefined ? undefined : (this.#agents.get(agentId) ?? { agentId });
  }

  /** The stream has ended. */
  close(): void {
    for (const resolves of this.#awaitedTools.values()) for (const resolve of resolves) resolve(undefined);
    this.#awaitedTools.clear();
  }

  #readLifecycle({ command_uuid: uuid, state, wakeup_source }: CommandLifecycle): ProcessSignal[] {
    const signals: ProcessSignal[] = [];
    const isWaiting = this.#waiting.includes(uuid);
    if (state === "started") {
      if (isWaiting) this.#beginPrompt(uuid, signals);
      else if (this.#active === undefined) {
        this.#nextOrigin = wakeup_source === undefined ? "other" : "schedule";
        const turnId = this.#beginOwn(signals);
        if (wakeup_source !== undefined)
          signals.push({ kind: "wakeup-begun", turnId, isLoops: wakeup_source === "loop_wakeup" });
      }
    } else if (state === "cancelled" && isWaiting) {
      this.#forgetWaiting(uuid);
      signals.push({ kind: "result", turnId: uuid, result: { ...noFigures, outcome: "interrupted" } });
    }
    return signals.length > 0 ? signals : [{ kind: "alive" }];
  }

  #readResult(message: ResultMessage): ProcessSignal[] {
    const result = resultOf(message);
    const active = this.#active;
    const names = namesOf(message);
    const named = names.filter((uuid) => this.#waiting.includes(uuid) || uuid === active?.turnId);
    if (named.length > 0) {
      const signals: ProcessSignal[] = [];
      if (active?.isOwn) signals.push({ kind: "own-ended", turnId: active.turnId });
      for (const turnId of named) {
        this.#forgetWaiting(turnId);
        signals.push({ kind: "result", turnId, result });
      }
      this.#rest(named.at(-1));
      return signals;
    }
    const origin = ownOriginOf(message.origin);
    if (active?.isOwn) {
      this.#rest(active.turnId);
      return [{ kind: "result", turnId: active.turnId, origin, result }];
    }
    if (origin !== undefined || names.length > 0) return [{ kind: "alive" }];
    if (active !== undefined) {
      this.#rest(active.turnId);
      return [{ kind: "result", turnId: active.turnId, result }];
    }
    return result.outcome === "completed"
      ? [{ kind: "alive" }]
      : [{ kind: "result", turnId: this.#waiting.shift(), result }];
  }

  /** The CLI says that it rests after its last result; what the turn said is its reply. */
  #endWithoutResult(turnId: string): ProcessSignal[] {
    this.#rest(turnId);
    return [{ kind: "result", turnId, result: { ...noFigures, outcome: "completed" } }];
  }

  #beginPrompt(turnId: string, signals: ProcessSignal[]): void {
    this.#forgetWaiting(turnId);
    if (this.#active?.isOwn) signals.push({ kind: "own-ended", turnId: this.#active.turnId });
    this.#active = { turnId, isOwn: false };
    signals.push({ kind: "prompt-started", turnId });
  }

  #beginOwn(signals: ProcessSignal[]): string {
    const turnId = this.#newId();
    const origin = this.#nextOrigin === "other" && this.#hasTasks ? "task" : this.#nextOrigin;
    this.#active = { turnId, isOwn: true };
    signals.push({ kind: "own-started", turnId, origin });
    return turnId;
  }

  #rest(lastTurnId: string | undefined): void {
    this.#lastTurnId = lastTurnId;
    this.#active = undefined;
    this.#nextOrigin = "other";
  }

  /** A task that has ended, or that runs and has something to say, is why Claude begins a turn. */
  #noteTasks(message: SDKMessage): void {
    if (message.type !== "system") return;
    if (message.subtype === "task_notification") this.#nextOrigin = "task";
    if (message.subtype === "task_started" && message.task_type === "local_agent") {
      const { task_id: agentId, subagent_type: type, description } = message;
      remember(this.#agents, agentId, { agentId, type, description });
    }
    if (message.subtype === "background_tasks_changed") this.#hasTasks = message.tasks.length > 0;
  }

  /** Whether it was said before: in an earlier turn, whose words are no reply to this one. */
  #isRepeated(message: SDKMessage): boolean {
    return message.type === "assistant" && this.#kept.has(message.uuid);
  }

  #waitingNamedBy(message: SDKMessage): string[] {
    return this.#waiting.length === 0 ? [] : namesOf(message).filter((uuid) => this.#waiting.includes(uuid));
  }

  #forgetWaiting(turnId: string): void {
    const index = this.#waiting.indexOf(turnId);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  #turnOf(content: TurnContent): string | undefined {
    switch (content.kind) {
      case "agent-message":
      case "tool-started":
        if (content.agent === undefined) return this.#active?.turnId;
        return this.#turnOfTool.get(content.parentToolUseId ?? "") ?? this.latestTurnId;
      case "tool-finished":
        return this.#turnOfTool.get(content.toolUseId) ?? this.#active?.turnId;
      default:
        return this.#active?.turnId;
    }
  }

  #rememberTool(toolUseId: string, turnId: string): void {
    remember(this.#turnOfTool, toolUseId, turnId);
    for (const resolve of this.#awaitedTools.get(toolUseId) ?? []) resolve(turnId);
    this.#awaitedTools.delete(toolUseId);
  }
}

/** Sets the entry, and forgets the oldest one beyond `mostRemembered`. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  if (map.size <= mostRemembered) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

/** Prompts that a message of Claude's own (not a subagent's) says it answers. */
function namesOf(message: SDKMessage): string[] {
  if ("parent_tool_use_id" in message && message.parent_tool_use_id !== null) return [];
  const { user_message_uuids, user_message_uuid } = message as NamesPrompts;
  return user_message_uuids ?? (user_message_uuid === undefined ? [] : [user_message_uuid]);
}

/** Claude is about to ask the model: the first thing that the CLI says in a turn. */
const isRequest = (message: SDKMessage): boolean =>
  message.type === "system" && message.subtype === "status" && message.status === "requesting";

/** Nothing is at work in the CLI any more, and every result was given. */
const isRest = (message: SDKMessage): boolean =>
  message.type === "system" && message.subtype === "session_state_changed" && message.state === "idle";

/** Whether the content is said by Claude itself, now: not by a subagent, and not the late end of a tool. */
const isClaudes = (content: TurnContent): boolean =>
  content.kind === "delta" ||
  content.kind === "thinking" ||
  content.kind === "message" ||
  (content.kind === "tool-started" && content.agent === undefined);

/** Why Claude began the turn, as its result says; `undefined`: the result does not say, or a person's message began it. */
function ownOriginOf(origin: SDKMessageOrigin | undefined): OwnOrigin | undefined {
  switch (origin?.kind) {
    case undefined:
    case "human":
      return undefined;
    case "task-notification":
      if (origin.subkind === "scheduled-trigger") return "schedule";
      return origin.subkind === "peer-send-message" ? "agent" : "task";
    case "peer":
    case "coordinator":
      return "agent";
    default:
      return "other";
  }
}
