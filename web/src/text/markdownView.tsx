import type { Token, Tokens } from "marked";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { cutText, visible, withoutTerminalCodes } from "../design/visibleText.ts";
import { CodeBlock } from "./codeBlock.tsx";
import { htmlOf } from "./markdownHtml.ts";
import { safeFragment } from "./sanitize.ts";
import { type Block, plainBeyondChars, StreamingMarkdown } from "./streamingMarkdown.ts";

/** Of a text that is too long for the screen, what is shown until the rest is asked for. */
const shownChars = 60_000;

/** Claude's words as Markdown. While they are written, only the last block is drawn anew. */
export function MarkdownView({ text: given, isLive = false }: { text: string; isLive?: boolean }) {
  const text = withoutTerminalCodes(given);
  const markdown = useRef<StreamingMarkdown | undefined>(undefined);
  markdown.current ??= new StreamingMarkdown();
  if (text.length > plainBeyondChars || longestLine(text) > shownChars) return <LongText text={text} />;
  const blocks = markdown.current.update(text, !isLive);
  return (
    <div class="markdown">
      {blocks.map((block) => (
        <BlockView key={block.key} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { block: Block }) {
  const { token, isFinished } = block;
  if (isCode(token))
    return <CodeBlock code={token.text} language={token.lang ?? ""} isFinished={isFinished} />;
  return <HtmlBlock html={htmlOf(token)} />;
}

const isCode = (token: Token): token is Tokens.Code => token.type === "code";

function HtmlBlock({ html }: { html: string }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    element.current?.replaceChildren(safeFragment(html));
  }, [html]);
  return <div class="block" ref={element} />;
}

function longestLine(text: string): number {
  let longest = 0;
  for (let from = 0; from < text.length; ) {
    const to = text.indexOf("\n", from);
    const end = to < 0 ? text.length : to;
    longest = Math.max(longest, end - from);
    from = end + 1;
  }
  return longest;
}

/** A text that is too long to be laid out at once. */
export function LongText({ text }: { text: string }) {
  const [shown, setShown] = useState(shownChars);
  useEffect(() => setShown(shownChars), [text]);
  return (
    <div class="long-text">
      <pre class="plain-text" tabIndex={0}>
        {visible(cutText(text, shown))}
      </pre>
      {text.length > shown && (
        <button type="button" class="button small" onClick={() => setShown(shown + 4 * shownChars)}>
          Show more of {text.length.toLocaleString()} characters
        </button>
      )}
    </div>
  );
}
