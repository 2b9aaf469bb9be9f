import type { DaylongEvent } from "../../../../client/src/index.ts";
import type { AgentName, AgentWords, Entry, Mark, Said, ToolUse } from "./entries.ts";
import { markOf } from "./marks.ts";

type EventOf<T extends DaylongEvent["type"]> = Extract<DaylongEvent, { type: T }>;

/**
 * The conversation as the session's events tell it. A message that waits stands at the end, behind what is still being
 * answered, and takes its place when its turn begins: so nothing on the screen ever moves up or down past another thing.
 */
export class Transcript {
  readonly #entries: Entry[] = [];
  readonly #waiting: Said[] = [];
  /** Tools by their id, and the tool that started each subagent. */
  readonly #tools = new Map<string, ToolUse>();
  readonly #agentTools = new Map<string, string>();
  readonly #wordCounts = new Map<string, number>();
  readonly #texts = new Map<string, string>();
  readonly #said = new Set<string>();
  #lastSeq = 0;
  readonly #cutText: (turnId: string) => string | undefined;

  /** `cutText` gives what a turn was writing when it was cut off, where that is known. */
  constructor(cutText: (turnId: string) => string | undefined = () => undefined) {
    this.#cutText = cutText;
  }

  /** What has begun, in the order of the screen. */
  get settled(): readonly Entry[] {
    return this.#entries;
  }

  /** Messages whose turns have not begun, below all else. */
  get waiting(): readonly Said[] {
    return this.#waiting;
  }

  /** Whether the server has told of the message. */
  hasSaid(clientMessageId: string): boolean {
    return this.#said.has(clientMessageId);
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** How many finished texts the turn has: the number of the one that is being written. */
  wordCount(turnId: string): number {
    return this.#wordCounts.get(turnId) ?? 0;
  }

  /** False: the event was heard before. */
  hear(event: DaylongEvent): boolean {
    const seq = event.seq ?? 0;
    if (seq <= this.#lastSeq) return false;
    this.#lastSeq = seq;
    switch (event.type) {
      case "turn.accepted":
        this.#accept(event);
        break;
      case "turn.queued":
        this.#change(event.turnId, { queuePosition: event.data.queuePosition, reason: event.data.reason });
        break;
      case "turn.started":
        this.#start(event.turnId ?? "");
        this.#mark(event);
        break;
      case "message":
        this.#speak(event);
        break;
      case "agent.message":
        this.#agentSpeaks(event);
        break;
      case "tool.started":
        this.#useTool(event);
        break;
      case "tool.finished":
        this.#endTool(event);
        break;
      case "turn.completed":
        this.#complete(event);
        break;
      case "turn.failed":
      case "turn.interrupted":
      case "turn.cancelled":
        this.#breakOff(event);
        break;
      case "permission.resolved":
        // What was allowed is seen by what runs.
        if (event.data.decision === "deny") this.#mark(event);
        break;
      default:
        this.#mark(event);
    }
    return true;
  }

  #accept({ data, at, seq, turnId = "" }: EventOf<"turn.accepted">): void {
    const { clientMessageId, message, messageId, sendAt, attachments = [] } = data;
    this.#texts.set(turnId, message);
    this.#said.add(clientMessageId);
    this.#waiting.push({
      kind: "said",
      key: clientMessageId,
      seq: seq ?? 0,
      turnId,
      messageId,
      text: message,
      attachments,
      at,
      state: "queued",
      sendAt,
    });
  }

  #start(turnId: string): void {
    const at = this.#waiting.findIndex((said) => said.turnId === turnId);
    if (at < 0) {
      // The turn began before, and begins again after a restart.
      this.#change(turnId, { state: "running" });
      return;
    }
    const [said] = this.#waiting.splice(at, 1);
    if (said) this.#entries.push({ ...said, state: "running", queuePosition: undefined, reason: undefined });
  }

  #speak({ data, at, seq, turnId = "", truncated }: EventOf<"message">): void {
    const count = this.wordCount(turnId);
    this.#wordCounts.set(turnId, count + 1);
    this.#entries.push({
      kind: "words",
      key: wordsKey(turnId, count),
      seq: seq ?? 0,
      turnId,
      messageId: data.messageId,
      text: data.text,
      at,
      isPartial: "partial" in data && data.partial === true,
      isCut: truncated === true,
    });
  }

  #agentSpeaks({ data, at, seq, turnId = "" }: EventOf<"agent.message">): void {
    const words: AgentWords = {
      kind: "agentWords",
      key: `agent-${seq}`,
      seq: seq ?? 0,
      turnId,
      agent: data.agent,
      text: data.text,
      at,
    };
    this.#place(words, this.#agentTools.get(data.agent.agentId) ?? this.#starterOf(data.agent, turnId));
  }

  #useTool({ data, at, seq, turnId = "" }: EventOf<"tool.started">): void {
    const { toolUseId, toolName, title, input, agent, parentToolUseId } = data;
    const known = this.#tools.get(toolUseId);
    if (known) {
      this.#changeTool(toolUseId, { title, input, isEdited: data.edited });
      return;
    }
    if (agent && parentToolUseId) this.#agentTools.set(agent.agentId, parentToolUseId);
    const tool: ToolUse = {
      kind: "tool",
      key: toolUseId,
      seq: seq ?? 0,
      turnId,
      toolUseId,
      toolName,
      title,
      input,
      at,
      state: "running",
      agent,
      children: [],
    };
    this.#place(tool, parentToolUseId ?? (agent && this.#agentTools.get(agent.agentId)));
  }

  /** The tool that started the subagent, by its description: words may come before the subagent's first tool names it. */
  #starterOf({ agentId, description }: AgentName, turnId: string): string | undefined {
    const taken = new Set(this.#agentTools.values());
    const starter = [...this.#tools.values()].findLast(
      (tool) =>
        /^(Agent|Task)$/.test(tool.toolName) &&
        tool.turnId === turnId &&
        !taken.has(tool.toolUseId) &&
        (description === undefined || tool.title.endsWith(description)),
    );
    if (starter) this.#agentTools.set(agentId, starter.toolUseId);
    return starter?.toolUseId;
  }

  /** Below the tool that started the subagent, or in the conversation itself. */
  #place(entry: ToolUse | AgentWords, parentToolUseId: string | undefined): void {
    if (entry.kind === "tool") this.#tools.set(entry.toolUseId, entry);
    const parent = parentToolUseId === undefined ? undefined : this.#tools.get(parentToolUseId);
    if (parent) this.#changeTool(parent.toolUseId, { children: [...parent.children, entry] });
    else this.#entries.push(entry);
  }

  #endTool({ data }: EventOf<"tool.finished">): void {
    const { toolUseId, failed, summary, insertions, deletions } = data;
    this.#changeTool(toolUseId, { state: failed ? "failed" : "done", summary, insertions, deletions });
  }

  /** Entries are never changed in place, so that what is drawn sees what is new by its identity. */
  #changeTool(toolUseId: string, change: Partial<ToolUse>): void {
    const before = this.#tools.get(toolUseId);
    if (before === undefined) return;
    const after = { ...before, ...change };
    this.#tools.set(toolUseId, after);
    const at = this.#entries.lastIndexOf(before);
    if (at >= 0) {
      this.#entries[at] = after;
      return;
    }
    for (const parent of this.#tools.values())
      if (parent.children.includes(before)) {
        const children = parent.children.map((child) => (child === before ? after : child));
        this.#changeTool(parent.toolUseId, { children });
        return;
      }
  }

  #complete(event: EventOf<"turn.completed">): void {
    const { data, at, seq, turnId = "", truncated } = event;
    const isHeard = this.#entries.some((entry) => entry.kind === "words" && entry.turnId === turnId);
    if (!isHeard && data.text !== "") {
      this.#wordCounts.set(turnId, 1);
      this.#entries.push({
        kind: "words",
        key: wordsKey(turnId, 0),
        seq: seq ?? 0,
        turnId,
        messageId: data.messageId,
        text: data.text,
        at,
        isPartial: false,
        isCut: truncated === true,
      });
    }
    this.#endTurn(turnId, "ended");
  }

  #breakOff(event: EventOf<"turn.failed" | "turn.interrupted" | "turn.cancelled">): void {
    const { turnId = "" } = event;
    this.#start(turnId);
    const states = {
      "turn.failed": "failed",
      "turn.interrupted": "interrupted",
      "turn.cancelled": "cancelled",
    } as const;
    this.#endTurn(turnId, states[event.type]);
    this.#keepCut(event);
    this.#mark(event, event.type === "turn.failed" ? this.#texts.get(turnId) : undefined);
  }

  /** What was being written when the server itself was cut off is in no event: this page alone has heard it. */
  #keepCut({ turnId = "", seq, at }: EventOf<"turn.failed" | "turn.interrupted" | "turn.cancelled">): void {
    const text = this.#cutText(turnId);
    if (text === undefined) return;
    const count = this.wordCount(turnId);
    this.#wordCounts.set(turnId, count + 1);
    this.#entries.push({
      kind: "words",
      key: wordsKey(turnId, count),
      seq: seq ?? 0,
      turnId,
      messageId: "",
      text,
      at,
      isPartial: true,
      isCut: false,
    });
  }

  #endTurn(turnId: string, state: Said["state"]): void {
    this.#change(turnId, { state, queuePosition: undefined });
    // A subagent in the background outlives the turn.
    for (const [toolUseId, tool] of this.#tools)
      if (tool.turnId === turnId && tool.state === "running" && tool.agent === undefined)
        this.#changeTool(toolUseId, { state: state === "ended" ? "done" : "stopped" });
  }

  #change(turnId: string | undefined, change: Partial<Said>): void {
    for (const list of [this.#waiting, this.#entries]) {
      const at = list.findLastIndex((entry) => entry.kind === "said" && entry.turnId === turnId);
      if (at < 0) continue;
      list[at] = { ...(list[at] as Said), ...change };
      return;
    }
  }

  #mark(event: DaylongEvent, again?: string): void {
    const line = markOf(event);
    if (line === undefined) return;
    const { seq, at, turnId = "" } = event;
    const mark: Mark = { kind: "mark", key: `mark-${seq}`, seq: seq ?? 0, turnId, at, again, ...line };
    this.#entries.push(mark);
  }
}

/** The same for a text while it is written and when it is finished, so that its row stays. */
export const wordsKey = (turnId: string, count: number): string => `words-${turnId}-${count}`;
