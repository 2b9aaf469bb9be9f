import { spanText } from "../framework/table.ts";
import {
  type Canvas,
  type Look,
  layOut,
  layOutLine,
  type Span,
  type TerminalLine,
} from "./terminal/layout.ts";
import { markdownLines } from "./terminal/markdown.ts";
import type { Item } from "./transcript.ts";

/** Before what Claude says. */
export const saidIndents = { first: [{ text: "● " }], rest: [{ text: "  " }] };
const askedIndents = { first: [{ text: "❯ ", looks: ["cyan"] as const }], rest: [{ text: "  " }] };

const outcomes: Record<"done" | "failed" | "unknown", Span> = {
  done: { text: "✓ ", looks: ["green"] },
  failed: { text: "✗ ", looks: ["red"] },
  unknown: { text: "? ", looks: ["yellow"] },
};
const tones: Record<"plain" | "warning" | "failure", Look[]> = {
  plain: ["dim"],
  warning: ["yellow"],
  failure: ["red"],
};

/** An item of the conversation as lines of a terminal: tools and tasks take one, words as many as they need. */
export function itemLines(item: Item, canvas: Canvas): TerminalLine[] {
  switch (item.kind) {
    case "asked": {
      const files = item.attachments === 0 ? "" : `\n(${item.attachments} attached)`;
      const from: Span[] = item.isMine ? [] : [{ text: "  (another device)", looks: ["dim"] }];
      return apart(
        layOut([{ text: item.text + files, looks: ["bold"] }, ...from], canvas, askedIndents),
        canvas,
      );
    }
    case "said": {
      const lines = markdownLines(item.text, canvas, saidIndents);
      return apart(item.isPartial ? [...lines, brokenOff(canvas)] : lines, canvas);
    }
    case "agentSaid":
      return [layOutLine([{ text: `  ↳ ${item.agent}: ${firstLine(item.text)}`, looks: ["dim"] }], canvas)];
    case "tool": {
      const agent: Span[] = item.agent === undefined ? [] : [{ text: `  ↳ ${item.agent}: `, looks: ["dim"] }];
      const note: Span[] = item.note === "" ? [] : [{ text: `  ${firstLine(item.note)}`, looks: ["dim"] }];
      const name: Span = { text: `${item.name} `, looks: ["bold"] };
      const title = item.title.startsWith(item.name)
        ? // The input of a tool without a title of its own is JSON: nothing to read in a line.
          item.title.slice(item.name.length).replace(/^:? ?/, "").replace(/^\{.*/s, "")
        : item.title;
      return [layOutLine([...agent, outcomes[item.outcome], name, { text: title }, ...note], canvas)];
    }
    case "task": {
      const note: Span[] = item.note === "" ? [] : [{ text: `  ${firstLine(item.note)}`, looks: ["dim"] }];
      const mark = item.state === "running" ? "◇ " : "◆ ";
      return [
        layOutLine(
          [{ text: `${mark}task ${item.state}: `, looks: ["blue"] }, { text: item.description }, ...note],
          canvas,
        ),
      ];
    }
    case "ended": {
      const cost = item.costUsd > 0 ? ` · $${item.costUsd.toFixed(item.costUsd < 1 ? 4 : 2)}` : "";
      return [layOutLine([{ text: `  ${spanText(item.durationMs)}${cost}`, looks: ["dim"] }], canvas)];
    }
    case "note":
      return layOut([{ text: item.text, looks: tones[item.tone] }], canvas, {
        first: [{ text: "  " }],
        rest: [{ text: "  " }],
      });
  }
}

/** Below words of Claude's that were never finished. */
export const brokenOff = (canvas: Canvas): TerminalLine =>
  layOutLine([{ text: "  … broken off here", looks: ["dim"] }], canvas);

const apart = (lines: TerminalLine[], canvas: Canvas): TerminalLine[] => [...layOut([], canvas), ...lines];

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? "";
