import { randomUUID } from "node:crypto";
import type { Chance } from "../support/chance.ts";
import { pause } from "../support/pause.ts";
import type { DaylongServer } from "../support/server/daylongServer.ts";
import type { TortureDevice } from "./device.ts";

/** A message that the server said it keeps. */
export interface AcceptedMessage {
  text: string;
  turnId: string;
  sessionId: string;
}

export interface Sender {
  device: TortureDevice;
  token: string;
}

export interface TrafficParts {
  chance: Chance;
  senders: readonly Sender[];
  server: () => Promise<DaylongServer>;
  projectPath: string;
  /** Messages begun in a second. */
  rate: number;
  conversations: number;
}

interface Answer {
  turnId?: string;
  sessionId?: string;
  duplicate?: boolean;
  code?: string;
}

/**
 * Messages that wait for their answer, at most. More would all fall on the server in the first moment of its next life,
 * and be given up with it.
 */
const mostWaiting = 60;

/** Messages at a steady rate from many devices into a few conversations, each repeated until it is answered. */
export class Traffic {
  readonly accepted: AcceptedMessage[] = [];
  readonly refusals = new Map<string, number>();
  /** Answers of the same request that named different turns. */
  contradictions = 0;
  begun = 0;
  /** Requests that were sent again: on purpose, or because no answer came. */
  repeated = 0;
  duplicates = 0;
  held = 0;
  readonly #parts: TrafficParts;
  readonly #sessions: Array<Promise<string | undefined>>;
  readonly #waiting = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.#sessions = Array.from({ length: parts.conversations }, () => Promise.resolve(undefined));
  }

  start(): void {
    const startedAt = Date.now();
    let due = 0;
    this.#timer = setInterval(() => {
      due = Math.floor(((Date.now() - startedAt) / 1_000) * this.#parts.rate);
      while (this.begun + this.held < due) {
        if (this.#waiting.size >= mostWaiting) this.held += 1;
        else this.#begin();
      }
    }, 10);
  }

  /** Begins no more, and waits for the answers that are still to come. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#waiting.size > 0) await Promise.all(this.#waiting);
  }

  /** Gives up what is still unanswered. */
  abandon(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
  }

  #begin(): void {
    const { chance, senders } = this.#parts;
    const sender = senders[this.begun % senders.length]!;
    // Every word is in one message only, so that a reply shows whose it is. One in five leaves a command behind, one in ten
    // a subagent that speaks later, and one in ten is answered only after a moment, in which others may speak.
    const order = chance.pick(["task", "task", "agent", "wait", "", "", "", "", "", ""]) ?? "";
    const text =
      `${order === "" ? "" : `${order} ${chance.between(1, 150)} `}m${this.begun} ${"ünïcödé 👋 ".repeat(chance.between(0, 8))}`.trim();
    this.begun += 1;
    const slot = chance.between(0, this.#sessions.length);
    const isFirst = this.begun <= this.#sessions.length || chance.happens(0.002);
    const message = isFirst
      ? this.#open(this.begun <= this.#sessions.length ? this.begun - 1 : slot, sender, text)
      : this.#join(slot, sender, text);
    const waiting = message.finally(() => this.#waiting.delete(waiting));
    this.#waiting.add(waiting);
  }

  async #open(slot: number, sender: Sender, text: string): Promise<void> {
    const opened = this.#send(sender, text, { projectPath: this.#parts.projectPath });
    const before = this.#sessions[slot];
    this.#sessions[slot] = opened.then(async (message) => message?.sessionId ?? before);
    await opened;
  }

  async #join(slot: number, sender: Sender, text: string): Promise<void> {
    const sessionId = await this.#sessions[slot];
    if (sessionId !== undefined) await this.#send(sender, text, { sessionId });
  }

  /** One message in one to five copies; every copy is sent until it is answered. */
  async #send(
    sender: Sender,
    text: string,
    place: Record<string, string>,
  ): Promise<AcceptedMessage | undefined> {
    const { chance } = this.#parts;
    const body = { clientMessageId: randomUUID(), message: text, ...place };
    const copies = chance.happens(0.1) ? chance.between(2, 6) : 1;
    this.repeated += copies - 1;
    const answers = await Promise.all(
      Array.from({ length: copies }, () => this.#untilAnswered(sender, body)),
    );
    const known = answers.filter((answer) => answer !== undefined);
    const [first] = known;
    if (first === undefined) return undefined;
    if (known.some(({ turnId, sessionId }) => turnId !== first.turnId || sessionId !== first.sessionId)) {
      this.contradictions += 1;
    }
    const message = { text, turnId: first.turnId, sessionId: first.sessionId };
    this.accepted.push(message);
    return message;
  }

  async #untilAnswered(
    sender: Sender,
    body: Record<string, string>,
  ): Promise<{ turnId: string; sessionId: string } | undefined> {
    for (let attempt = 0; !this.#stopped; attempt += 1) {
      if (attempt > 0) this.repeated += 1;
      const answer = await this.#once(sender, body);
      if (answer?.turnId !== undefined && answer.sessionId !== undefined) {
        if (answer.duplicate) this.duplicates += 1;
        return { turnId: answer.turnId, sessionId: answer.sessionId };
      }
      if (answer?.code !== undefined) {
        this.refusals.set(answer.code, (this.refusals.get(answer.code) ?? 0) + 1);
        // What may be sent again later is; anything else is a fault, which the verdict shows.
        if (!["pool_full", "device_queue_full", "rate_limited"].includes(answer.code)) return undefined;
        // Not Retry-After, which may be a minute: what waits at the end of the run is waited for.
        await pause(answer.code === "rate_limited" ? 2_000 : 200);
      }
      await pause(30);
    }
    return undefined;
  }

  async #once(sender: Sender, body: Record<string, string>): Promise<Answer | undefined> {
    if (sender.device.hasSocket && this.#parts.chance.happens(0.5)) {
      return sender.device.ask(randomUUID(), { type: "send", ...body }) as Promise<Answer | undefined>;
    }
    try {
      const server = await this.#parts.server();
      return (await server.ask("POST", "/api/chat", body, { token: sender.token })).body as Answer;
    } catch {
      return undefined;
    }
  }
}
