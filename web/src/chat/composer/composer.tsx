import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../../../../client/src/index.ts";
import { Icon } from "../../design/icons.tsx";
import type { Chat } from "../../state/chat/chat.ts";
import { useDaylong, useHost } from "../../state/context.ts";
import { AttachmentList } from "./attachmentList.tsx";
import { Attachments, filesOf } from "./attachments.ts";
import { type CommandChoice, CommandMenu, useCommands } from "./commandMenu.tsx";

/** Where Enter sends: on a phone it breaks the line, as its keyboard shows. */
const hasKeyboard = (): boolean => matchMedia("(pointer: fine)").matches;

/** The draft of a session: words, files, the commands that it may begin with, and what Claude proposes to say. */
export function Composer({ chat, session }: { chat: Chat; session?: Session }) {
  const { client, drafts } = useHost();
  const daylong = useDaylong();
  const phase = daylong.phase.value;
  const me = daylong.me.value;
  const { sessionId } = chat;
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [attachments] = useState(() => new Attachments(client));
  const [text, setText] = useState(drafts.known(sessionId) ?? "");
  const [isDropping, setDropping] = useState(false);
  const [fault, setFault] = useState("");
  const commands = useCommands(sessionId, session?.process?.pid, text);

  const draftVersion = chat.draftVersion.value;
  useEffect(() => {
    let isWanted = true;
    void drafts.read(sessionId).then((kept) => {
      if (isWanted) setText(kept);
    });
    if (draftVersion > 0) field.current?.focus();
    return () => {
      isWanted = false;
    };
  }, [sessionId, draftVersion]);
  useEffect(() => {
    if (phase === "connected") attachments.retry();
  }, [phase]);
  useEffect(() => {
    // A phone's keyboard would cover what one came to read.
    if (hasKeyboard() && !daylong.isStepping) field.current?.focus({ preventScroll: true });
    return () => attachments.clear();
  }, []);
  // The field grows with its words.
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight + 2, innerHeight * 0.4)}px`;
  }, [text]);

  const write = (value: string) => {
    setText(value);
    drafts.write(sessionId, value);
  };
  const isBusy = session?.turn !== undefined || session?.state === "busy" || session?.state === "waiting";
  const isUploading = attachments.list.value.some(({ attachmentId }) => attachmentId === undefined);
  const canSend = (text.trim() !== "" || attachments.list.value.length > 0) && !isUploading;

  const send = (value = text) => {
    if (value.trim() === "" && attachments.list.value.length === 0) return;
    if (isUploading) return;
    setFault("");
    chat.send(value.trim() === "" ? "Look at what is attached." : value, attachments.take());
    write("");
    field.current?.focus();
  };
  const stop = async () => {
    try {
      await client.interrupt(sessionId);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const choose = ({ name, argumentHint }: CommandChoice) => {
    write(`/${name}${argumentHint === "" ? "" : " "}`);
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (commands.heed(event, choose)) return;
    if (
      event.key === "Enter" &&
      !event.shiftKey &&
      !event.altKey &&
      (hasKeyboard() || event.ctrlKey || event.metaKey)
    ) {
      event.preventDefault();
      send();
    }
    if (event.key === "Escape" && isBusy) {
      event.preventDefault();
      void stop();
    }
  };
  const add = (list: readonly File[]) => {
    const refused = attachments.add(list);
    setFault(refused);
  };
  const suggestions = text === "" && !isBusy ? (session?.suggestedPrompts ?? []) : [];
  const isClosed = session?.state === "closed";
  if (me?.scope === "read")
    return (
      <p class="composer meta closed">
        This device may read only. A device that is paired for chat can write.
      </p>
    );
  if (isClosed)
    return <p class="composer meta closed">This session is closed. What was said stays readable.</p>;

  return (
    <form
      class={`composer ${isDropping ? "dropping" : ""}`}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={() => setDropping(false)}
      onDrop={(event) => {
        event.preventDefault();
        setDropping(false);
        add(filesOf(event.dataTransfer));
      }}
    >
      {suggestions.length > 0 && (
        <ul class="plain chips" aria-label="Suggestions">
          {suggestions.map((suggestion) => (
            <li key={suggestion}>
              <button type="button" class="chip" onClick={() => write(suggestion)}>
                {suggestion}
              </button>
            </li>
          ))}
        </ul>
      )}
      <CommandMenu commands={commands} onChoose={choose} />
      <AttachmentList attachments={attachments} />
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <div class="composer-row">
        <button
          type="button"
          class="button quiet icon"
          aria-label="Attach"
          onClick={() => files.current?.click()}
        >
          <Icon name="attach" />
        </button>
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-hidden="true"
          tabIndex={-1}
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = "";
          }}
        />
        <textarea
          ref={field}
          rows={1}
          aria-label="Message"
          placeholder="Message"
          value={text}
          enterkeyhint={hasKeyboard() ? "send" : "enter"}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          onPaste={(event) => {
            const pasted = filesOf(event.clipboardData);
            if (pasted.length === 0) return;
            event.preventDefault();
            add(pasted);
          }}
        />
        {isBusy && (
          <button type="button" class="button icon stop" aria-label="Stop" onClick={stop}>
            <Icon name="stop" />
          </button>
        )}
        {(!isBusy || text !== "" || attachments.list.value.length > 0) && (
          <button type="submit" class="button primary icon" aria-label="Send" disabled={!canSend}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}
