import { useState } from "preact/hooks";
import type { Answer } from "../../../../client/src/index.ts";
import { count } from "../../design/quantities.ts";
import type { Chat } from "../../state/chat/chat.ts";
import type { Said } from "../../state/chat/entries.ts";
import { useHost } from "../../state/context.ts";
import { useGo } from "../../state/navigation.ts";
import { copyText } from "../../text/copyButton.tsx";

type Rewind = Answer<"POST /api/sessions/{id}/rewind">;

/** What can be done with a message that was sent: edit it in a copy of the conversation, or take the files back to before it. */
export function MessageMenu({ said, chat, onClose }: { said: Said; chat: Chat; onClose: () => void }) {
  const { client, sessions, drafts, chat: chatOf } = useHost();
  const go = useGo();
  const [rewind, setRewind] = useState<Rewind>();
  const [note, setNote] = useState("");
  const [isBusy, setBusy] = useState(false);
  const handle = client.session(chat.sessionId);
  const messageId = said.messageId ?? said.turnId;

  const act = async (action: () => Promise<void>) => {
    setBusy(true);
    setNote("");
    try {
      await action();
    } catch (error) {
      setNote(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const edit = () =>
    act(async () => {
      let before = chat.wordsBefore(said.key);
      while (before === undefined && chat.hasOlder.value) {
        await chat.readOlder();
        before = chat.wordsBefore(said.key);
      }
      const session = sessions.get(chat.sessionId);
      // Nothing was said before the first message: its copy is a new session.
      const fresh =
        before === undefined
          ? await client.newSession({ projectPath: session?.projectPath ?? "" })
          : await handle.fork(before);
      sessions.put(fresh);
      drafts.write(fresh.sessionId, said.text);
      // The copy is made with its first message; until then this page knows what it will hold.
      const rows = chat.rows.value;
      const copy = chatOf(fresh.sessionId);
      copy.showBefore(
        rows.slice(
          0,
          rows.findIndex(({ key }) => key === said.key),
        ),
      );
      go(`/s/${fresh.sessionId}`);
    });
  const look = () =>
    act(async () => {
      setRewind(await handle.rewind(messageId, true));
    });
  const takeBack = () =>
    act(async () => {
      const done = await handle.rewind(messageId, false);
      setRewind(undefined);
      setNote(`The files are as they were before this message: ${filesWords(done)}.`);
    });
  return (
    <div class="message-menu">
      <div class="row wrap">
        <button type="button" class="button small" disabled={isBusy} onClick={edit}>
          Edit in a copy
        </button>
        <button type="button" class="button small" disabled={isBusy} onClick={look}>
          Take files back
        </button>
        <button
          type="button"
          class="button small"
          onClick={async () => {
            await copyText(said.text);
            onClose();
          }}
        >
          Copy
        </button>
      </div>
      {rewind && (
        <div class="stack">
          <p>
            {rewind.canRewind && rewind.filesChanged.length > 0
              ? `This would change ${filesWords(rewind)}:`
              : (rewind.detail ?? "No file would change.")}
          </p>
          {rewind.filesChanged.length > 0 && (
            <ul class="plain path meta">
              {rewind.filesChanged.map((path) => (
                <li key={path}>{path}</li>
              ))}
            </ul>
          )}
          {rewind.canRewind && rewind.filesChanged.length > 0 && (
            <div class="row wrap">
              <button type="button" class="button small" disabled={isBusy} onClick={takeBack}>
                Take them back
              </button>
              <button type="button" class="button small" onClick={() => setRewind(undefined)}>
                Leave them
              </button>
            </div>
          )}
        </div>
      )}
      {note !== "" && <p role="status">{note}</p>}
    </div>
  );
}

const filesWords = ({ filesChanged, insertions, deletions }: Rewind): string =>
  `${count(filesChanged.length, "file")}, +${insertions} −${deletions}`;
