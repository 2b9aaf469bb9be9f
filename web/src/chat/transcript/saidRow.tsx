import { useState } from "preact/hooks";
import { Icon } from "../../design/icons.tsx";
import { clockTime, exactTime } from "../../design/times.ts";
import { visible } from "../../design/visibleText.ts";
import type { Chat } from "../../state/chat/chat.ts";
import type { Said } from "../../state/chat/entries.ts";
import type { Outgoing } from "../../state/chat/outgoing.ts";
import { useDaylong, useHost } from "../../state/context.ts";
import { MessageMenu } from "./messageMenu.tsx";

/** A longer message is folded. */
const shownChars = 1_500;

function SaidText({ text, attachments }: { text: string; attachments: readonly string[] }) {
  const [isOpen, setOpen] = useState(false);
  const isLong = text.length > shownChars;
  return (
    <>
      <p class="said-text">{visible(isLong && !isOpen ? `${text.slice(0, shownChars)}…` : text)}</p>
      {isLong && (
        <button type="button" class="button quiet small" onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show less" : "Show all"}
        </button>
      )}
      {attachments.length > 0 && (
        <ul class="plain files">
          {attachments.map((name, index) => (
            <li key={index} class="meta">
              <Icon name="attach" size={14} /> {visible(name)}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** A message of the owner's, with where it stands. */
export function SaidRow({ said, chat }: { said: Said; chat: Chat }) {
  const { client } = useHost();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [fault, setFault] = useState("");
  const { text, at, state, turnId } = said;
  const count = said.attachments.length;
  const files = chat.fileNames(said.key) ?? (count === 0 ? [] : [count === 1 ? "1 file" : `${count} files`]);
  const cancel = () =>
    client
      .session(chat.sessionId)
      .cancelTurn(turnId)
      .catch((error: Error) => setFault(error.message));
  return (
    <article class={`said ${state}`} aria-label="You">
      <header class="meta">
        <span class="speaker">You</span>
        <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
          {clockTime(at)}
        </time>
        <SaidState said={said} />
        {state === "past" ? null : state === "queued" ? (
          <button type="button" class="button quiet small" onClick={cancel}>
            Cancel
          </button>
        ) : (
          <button
            type="button"
            class="copy"
            aria-label="More for this message"
            aria-expanded={isMenuOpen}
            onClick={() => setMenuOpen(!isMenuOpen)}
          >
            <Icon name="more" size={18} />
          </button>
        )}
      </header>
      <SaidText text={text} attachments={files} />
      {fault !== "" && <p class="fault">{fault}</p>}
      {isMenuOpen && <MessageMenu said={said} chat={chat} onClose={() => setMenuOpen(false)} />}
    </article>
  );
}

function SaidState({ said }: { said: Said }) {
  const { state, queuePosition, reason, sendAt } = said;
  switch (state) {
    case "queued":
      if (sendAt !== undefined) return <span>sends at {clockTime(sendAt)}</span>;
      return (
        <span>
          {queuePosition !== undefined && queuePosition > 0 ? `queued at ${queuePosition}` : "queued"}
          {reason === "tasks" && ", waits for tasks"}
          {reason === "held" && ", the terminal has the conversation"}
        </span>
      );
    case "cancelled":
      return <span>cancelled</span>;
    default:
      return null;
  }
}

/** A message that the server has not told of yet. */
export function UnsentRow({ outgoing, chat }: { outgoing: Outgoing; chat: Chat }) {
  const phase = useDaylong().phase.value;
  const { drafts } = useHost();
  const { key, text, attachments, state, detail, at } = outgoing;
  const takeBack = async () => {
    const before = await drafts.read(chat.sessionId);
    drafts.write(chat.sessionId, before === "" ? text : `${text}\n${before}`);
    chat.draftVersion.value += 1;
    chat.discard(key);
  };
  return (
    <article class={`said ${state}`} aria-label="You">
      <header class="meta">
        <span class="speaker">You</span>
        <time dateTime={new Date(at).toISOString()}>{clockTime(at)}</time>
        <span>
          {state === "refused" ? "not sent" : phase === "connected" ? "sending" : "waits to be sent"}
        </span>
        {(state === "refused" || phase !== "connected") && (
          <button type="button" class="button quiet small" onClick={takeBack}>
            Take back
          </button>
        )}
      </header>
      <SaidText text={text} attachments={attachments} />
      {detail !== undefined && (
        <p class="fault" role="alert">
          {detail}
        </p>
      )}
    </article>
  );
}
