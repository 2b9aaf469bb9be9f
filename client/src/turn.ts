import type { Accepted, Delta, Reply, TerminalEvent, TurnView } from "./connection/protocol.ts";
import { TurnFailed } from "./errors.ts";

/** Between two texts of one turn: what Claude says before and after it uses a tool. */
const textBreak = "\n\n";

type End = { reply: Reply } | { error: unknown };

export interface TurnPromises {
  stored: Promise<void>;
  accepted: Promise<Accepted>;
}

/** One message on its way to its end: exactly one reply or one failure. */
export class Turn {
  readonly clientMessageId: string;
  /** Resolves when the message is in the client's own store, and would be sent by the next run of the program. */
  readonly stored: Promise<void>;
  /** Resolves when the server has kept the message; rejects when it refused it. */
  readonly accepted: Promise<Accepted>;
  readonly #ended: Promise<End>;
  #end!: (end: End) => void;
  #isOver = false;
  #said = "";
  /** Of the text being written. */
  #soFar = "";
  readonly #wakes = new Set<() => void>();

  constructor(clientMessageId: string, { stored, accepted }: TurnPromises) {
    this.clientMessageId = clientMessageId;
    this.stored = stored;
    this.accepted = accepted;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    // Whoever asks for the reply is told as well; nobody has to ask.
    accepted.catch((error: unknown) => this.#finish({ error }));
  }

  /** The reply; rejects with TurnFailed, or with the refusal of the message. */
  async reply(): Promise<Reply> {
    const end = await this.#ended;
    if ("reply" in end) return end.reply;
    throw end.error;
  }

  /** The words as they come, from the first one on; rejects like `reply` when the turn does. */
  async *text(): AsyncGenerator<string, void, void> {
    let given = 0;
    for (;;) {
      if (given < this.#said.length) {
        const piece = this.#said.slice(given);
        given = this.#said.length;
        yield piece;
      } else if (this.#isOver) {
        await this.reply();
        return;
      } else {
        await new Promise<void>((wake) => this.#wakes.add(wake));
      }
    }
  }

  /** What the server said of it; called by the client only. */
  hear(news: Delta | { text: string } | TerminalEvent | TurnView | { error: unknown }): void {
    if ("error" in news && !("turnId" in news)) this.#finish(news);
    else if ("offset" in news) this.#grow(news);
    else if ("text" in news) this.#complete(news.text);
    else if ("state" in news) this.#endAs(news);
    else if ("cursor" in news) this.#endBy(news);
  }

  #grow({ offset, text }: Delta): void {
    // Words that were lost on the way come with the finished text.
    if (offset <= this.#soFar.length) this.#say(text.slice(this.#soFar.length - offset));
  }

  #complete(text: string): void {
    // The frame of a long text is cut: its deltas have said more than it holds.
    if (this.#soFar.startsWith(text)) {
      this.#soFar = "";
      return;
    }
    const isWhole = text.startsWith(this.#soFar);
    if (!isWhole) this.#soFar = "";
    this.#say(isWhole ? text.slice(this.#soFar.length) : text);
    this.#soFar = "";
  }

  #say(text: string): void {
    if (text === "") return;
    this.#said += this.#soFar === "" && this.#said !== "" ? textBreak + text : text;
    this.#soFar += text;
    this.#wake();
  }

  #endAs({ reply, error, sessionId, turnId, state }: TurnView): void {
    if (reply) this.#finish({ reply });
    else {
      const { code, detail } = error ?? { code: state, detail: `The turn was ${state}.` };
      this.#finish({ error: new TurnFailed(code, detail, { sessionId, turnId }) });
    }
  }

  #endBy(event: TerminalEvent): void {
    const ids = { sessionId: event.sessionId ?? "", turnId: event.turnId ?? "" };
    switch (event.type) {
      case "turn.completed":
        this.#finish({ reply: event.data });
        return;
      case "turn.failed":
      case "turn.interrupted":
        this.#finish({ error: new TurnFailed(event.data.code, event.data.detail, ids) });
        return;
      case "turn.cancelled":
        this.#finish({ error: new TurnFailed("cancelled", "The turn was cancelled before it ran.", ids) });
        return;
    }
  }

  #finish(end: End): void {
    if (this.#isOver) return;
    this.#isOver = true;
    // Of a reply whose words nobody heard: the whole of it.
    if ("reply" in end && this.#said === "") this.#complete(end.reply.text);
    this.#end(end);
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#wakes) wake();
    this.#wakes.clear();
  }
}
