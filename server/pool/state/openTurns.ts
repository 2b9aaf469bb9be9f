import type { Failure } from "../../domain/errors.ts";
import type { TurnOrigin } from "../../domain/sessions/turn.ts";

/** Why a running turn is being ended, and what its terminal event says. */
export type TurnEndRequest =
  /** The owner asked for it. */
  | { kind: "interrupt"; detail: string }
  /** The pool breaks the turn off, which fails with the failure. */
  | { kind: "fault"; failure: Failure };

/** A turn that a process works on, as far as memory has to know it. */
export interface CurrentTurn {
  /** Also the id of the user's message, which comes back with its result. */
  readonly turnId: string;
  readonly origin: TurnOrigin;
  /** The last finished assistant text of the turn, which is its reply when its result has none. */
  lastMessage?: { messageId: string; text: string };
  /** The line of the tool that it used last. */
  lastTool?: string;
  /** Its prompt is with the process; Claude's own turn has none. */
  readonly isGiven: boolean;
  /** Claude said or did something in it, so that it must not be run again. */
  hasActed: boolean;
  /** Set while the turn is being ended before Claude is through with it. */
  end?: TurnEndRequest;
  /** Claude refused it for a usage limit: what it fails with, should it fail. */
  limit?: Failure;
}

/** A tool at work; a subagent's may outlive the turn that started the subagent. */
export interface ToolAtWork {
  toolUseId: string;
  toolName: string;
  title?: string;
  turnId: string;
  isAgents: boolean;
}

/**
 * The open turns of a process, and the tools at work in them. Several can be open at once: that of a prompt, one that Claude
 * begins by itself while the prompt is on its way to it, and earlier ones of Claude's own whose end is not written yet.
 */
export class OpenTurns {
  #prompts: CurrentTurn | undefined;
  readonly #own = new Map<string, CurrentTurn>();
  readonly #tools = new Map<string, ToolAtWork>();

  /** The turn of a prompt that the process has, or is to be given. */
  get prompts(): Readonly<CurrentTurn> | undefined {
    return this.#prompts;
  }
  /** The turn that Claude began by itself, the last one. */
  get own(): Readonly<CurrentTurn> | undefined {
    return [...this.#own.values()].at(-1);
  }
  /** Claude's own first, because they end first. */
  get all(): ReadonlyArray<Readonly<CurrentTurn>> {
    return [...this.#own.values(), this.#prompts].filter((turn) => turn !== undefined);
  }
  get hasTools(): boolean {
    return this.#tools.size > 0;
  }

  open(turnId: string): CurrentTurn | undefined {
    return this.#prompts?.turnId === turnId ? this.#prompts : this.#own.get(turnId);
  }

  assign(turnId: string, origin: TurnOrigin): void {
    this.#prompts = { turnId, origin, isGiven: false, hasActed: false };
  }

  /** The turn becomes a new object: what was asked of it before its prompt was given is forgotten. */
  markGiven(): void {
    const turn = this.#prompts;
    if (turn) this.#prompts = { turnId: turn.turnId, origin: turn.origin, isGiven: true, hasActed: false };
  }

  beginOwn(turnId: string, origin: TurnOrigin): void {
    this.#own.set(turnId, { turnId, origin, isGiven: true, hasActed: true });
  }

  drop(turnId: string): void {
    if (this.#prompts?.turnId === turnId) this.#prompts = undefined;
    this.#own.delete(turnId);
    for (const tool of this.#tools.values()) {
      if (tool.turnId === turnId && !tool.isAgents) this.#tools.delete(tool.toolUseId);
    }
  }

  dropAll(): void {
    this.#prompts = undefined;
    this.#own.clear();
    this.#tools.clear();
  }

  toolStarted(tool: ToolAtWork): void {
    this.#tools.set(tool.toolUseId, tool);
    const turn = this.open(tool.turnId);
    if (turn === undefined) return;
    turn.hasActed = true;
    turn.lastTool = tool.title;
  }

  /** Returns the tool's name; `undefined` for a tool of which no start was heard. */
  toolFinished(toolUseId: string): string | undefined {
    const tool = this.#tools.get(toolUseId);
    this.#tools.delete(toolUseId);
    return tool?.toolName;
  }
}
