import { useState } from "preact/hooks";
import { clockTime, exactTime } from "../../design/times.ts";
import { visible } from "../../design/visibleText.ts";
import type { Chat } from "../../state/chat/chat.ts";
import type { Mark, Words } from "../../state/chat/entries.ts";
import type { LiveText } from "../../state/chat/liveText.ts";
import { useHost } from "../../state/context.ts";
import { CopyButton } from "../../text/copyButton.tsx";
import { MarkdownView } from "../../text/markdownView.tsx";

/** Claude's words: finished, or being written. The same row from the first word to the last. */
export function WordsRow(props: { words?: Words; live?: LiveText; isContinued: boolean }) {
  const { words, live, isContinued } = props;
  const { client } = useHost();
  const [whole, setWhole] = useState<string>();
  const text = whole ?? words?.text ?? live?.text ?? "";
  return (
    <article class={`words${isContinued ? " continued" : ""}${live ? " writing" : ""}`} aria-label="Claude">
      <header class="meta">
        {!isContinued && <span class="speaker">Claude</span>}
        {words && !isContinued && (
          <time dateTime={new Date(words.at).toISOString()} title={exactTime(words.at)}>
            {clockTime(words.at)}
          </time>
        )}
        {live && !isContinued && <span>writing</span>}
        {words && <CopyButton text={() => text} what="the message" />}
      </header>
      <MarkdownView text={text} isLive={live !== undefined} />
      {words?.isPartial && <p class="meta">It was cut off here.</p>}
      {words?.isCut && whole === undefined && (
        <button
          type="button"
          class="button small"
          onClick={() =>
            client.message(words.messageId).then(
              (message) => setWhole(message.text),
              () => {},
            )
          }
        >
          Show the whole message
        </button>
      )}
    </article>
  );
}

/** A line between messages. */
export function MarkRow({ mark, chat }: { mark: Mark; chat: Chat }) {
  const { tone, text, again, at } = mark;
  return (
    <div class={`mark ${tone}`} title={exactTime(at)}>
      <p>{visible(text)}</p>
      {again !== undefined && (
        <button type="button" class="button small" onClick={() => chat.send(again, [])}>
          Send again
        </button>
      )}
    </div>
  );
}
