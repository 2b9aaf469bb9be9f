import type { DaylongEvent, Delta } from "../../../client/src/index.ts";
import { brokenOff, itemLines, saidIndents } from "./itemLines.ts";
import { type Canvas, layOut, type TerminalLine } from "./terminal/layout.ts";
import { MarkdownStream } from "./terminal/markdownStream.ts";
import type { Item } from "./transcript.ts";

/** Lines of a conversation in their order: items, and words while they are spoken. */
export class ConversationPrinter {
  readonly #canvas: () => Canvas;
  readonly #stream = new MarkdownStream(saidIndents);
  /** Not taken yet. */
  #lines: TerminalLine[] = [];
  #speakingTurn: string | undefined;

  constructor(canvas: () => Canvas) {
    this.#canvas = canvas;
  }

  /** Nothing more will be heard of what was being spoken. */
  startOver(): void {
    this.#stream.clear();
  }

  say(items: readonly Item[]): void {
    const canvas = this.#canvas();
    for (const item of items) this.#lines.push(...itemLines(item, canvas));
  }

  spoken({ turnId, offset, text }: Delta): void {
    if (turnId !== this.#speakingTurn) this.#breakOff();
    this.#speakingTurn = turnId;
    this.#stream.put(offset, text);
  }

  /** `items`: what was made from the event; none of a message says that it is known. */
  hear(items: readonly Item[], event: DaylongEvent): void {
    if (event.type === "message" && items.length === 0) this.#stream.drop();
    for (const item of items) {
      if (item.kind === "said" && event.turnId === this.#speakingTurn)
        this.#finish(item.text, item.isPartial);
      else this.say([item]);
    }
    const isOver = /^turn\.(completed|failed|interrupted)$/.test(event.type);
    if (isOver && event.turnId === this.#speakingTurn) this.#breakOff();
  }

  /** What is to be printed now, and what is still being spoken. */
  take(): { printed: TerminalLine[]; speaking: TerminalLine[] } {
    const canvas = this.#canvas();
    const wasBegun = this.#stream.isBegun;
    const whole = this.#stream.takeWhole(canvas);
    if (whole.length > 0) this.#lines.push(...(wasBegun ? [] : layOut([], canvas)), ...whole);
    const open = this.#stream.open(canvas);
    const isApart = open.length > 0 && !this.#stream.isBegun;
    return { printed: this.#lines.splice(0), speaking: isApart ? [...layOut([], canvas), ...open] : open };
  }

  #finish(text: string, isPartial: boolean): void {
    const canvas = this.#canvas();
    if (!this.#stream.isBegun) this.#lines.push(...layOut([], canvas));
    this.#lines.push(...this.#stream.finish(text, canvas));
    if (isPartial) this.#lines.push(brokenOff(canvas));
  }

  /** Words that nobody finished, of a turn that is over: a crash of the server leaves nothing else of them. */
  #breakOff(): void {
    const canvas = this.#canvas();
    if (this.#stream.isEmpty) return;
    if (!this.#stream.isBegun) this.#lines.push(...layOut([], canvas));
    this.#lines.push(...this.#stream.breakOff(canvas), brokenOff(canvas));
    this.#stream.clear();
  }
}
