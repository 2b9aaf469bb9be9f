import { useState } from "preact/hooks";
import { cutText, visible } from "../design/visibleText.ts";
import type { DiffLine } from "./diff.ts";

const signs: Record<DiffLine["kind"], string> = {
  added: "+",
  removed: "−",
  context: " ",
  hunk: "",
  note: "",
};
/** More lines are shown when they are asked for. */
const shownLines = 400;
const lineChars = 2_000;

/** A change as lines. `onAsk`: the owner wants to ask about a line. */
export function DiffView({ lines, onAsk }: { lines: readonly DiffLine[]; onAsk?: (line: DiffLine) => void }) {
  const [shown, setShown] = useState(shownLines);
  if (lines.length === 0) return <p class="meta">No lines differ.</p>;
  return (
    <div class="diff-frame">
      <div class="diff" tabIndex={0}>
        {lines.slice(0, shown).map((line, index) => (
          <Line key={index} line={line} onAsk={onAsk} />
        ))}
      </div>
      {lines.length > shown && (
        <button type="button" class="button small" onClick={() => setShown(shown + 4 * shownLines)}>
          Show more of {lines.length.toLocaleString()} lines
        </button>
      )}
    </div>
  );
}

function Line({ line, onAsk }: { line: DiffLine; onAsk?: (line: DiffLine) => void }) {
  const { kind, text, before, after } = line;
  const content = visible(cutText(text, lineChars));
  if (kind === "hunk" || kind === "note") return <div class={`diff-line ${kind}`}>{content || "…"}</div>;
  const number = after ?? before;
  return (
    <div class={`diff-line ${kind}`}>
      {number !== undefined &&
        (onAsk ? (
          <button
            type="button"
            class="diff-number"
            aria-label={`Ask about line ${number}`}
            onClick={() => onAsk(line)}
          >
            {number}
          </button>
        ) : (
          <span class="diff-number">{number}</span>
        ))}
      <span class="diff-sign">{signs[kind]}</span>
      <span class="diff-text">{content}</span>
    </div>
  );
}
