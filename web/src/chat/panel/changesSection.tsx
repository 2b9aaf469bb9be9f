import { useState } from "preact/hooks";
import type { Session } from "../../../../client/src/index.ts";
import { Icon } from "../../design/icons.tsx";
import { count } from "../../design/quantities.ts";
import type { Chat } from "../../state/chat/chat.ts";
import { useHost } from "../../state/context.ts";
import { type DiffLine, diffLines } from "../../text/diff.ts";
import { DiffView } from "../../text/diffView.tsx";
import type { Changes, Facts } from "./sessionFacts.ts";

const reasons = {
  no_git: "There is no git on the computer.",
  not_a_repository: "The folder is no git repository.",
  refused: "The repository was refused: its configuration would run programs.",
} as const;

/** The files that differ from the last commit, and how; read only. */
export function ChangesSection(props: { session: Session; chat: Chat; facts: Facts; onClose: () => void }) {
  const { session, chat, facts, onClose } = props;
  const [isOpen, setOpen] = useState(false);
  const [fault, setFault] = useState("");
  const changes = facts.changes.value;
  const read = async () => {
    setFault("");
    try {
      await facts.readChanges();
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const toggle = () => {
    setOpen(!isOpen);
    if (!isOpen) void read();
  };
  return (
    <section class="panel-section" aria-label="Changes">
      <button type="button" class="section-fold" aria-expanded={isOpen} onClick={toggle}>
        <Icon name="fold" size={14} />
        <h3>Changes</h3>
        <span class="meta">{changes && isOpen ? words(changes) : "since the last commit"}</span>
      </button>
      {isOpen && fault !== "" && <p class="fault">{fault}</p>}
      {isOpen && changes && (
        <ul class="plain changes">
          {changes.files.map((file) => (
            <ChangedFile key={file.path} file={file} session={session} chat={chat} onClose={onClose} />
          ))}
        </ul>
      )}
      {isOpen && (
        <button type="button" class="button small" onClick={read}>
          Read again
        </button>
      )}
    </section>
  );
}

function words(changes: Changes): string {
  if (!changes.isRepository) return reasons[changes.reason ?? "not_a_repository"];
  if (changes.files.length === 0) return "nothing differs from the last commit";
  return `${count(changes.files.length, "file")}${changes.truncated ? " and more" : ""}`;
}

function ChangedFile(props: {
  file: Changes["files"][number];
  session: Session;
  chat: Chat;
  onClose: () => void;
}) {
  const { file, session, chat, onClose } = props;
  const { client, drafts } = useHost();
  const [lines, setLines] = useState<DiffLine[]>();
  const [note, setNote] = useState("");
  const toggle = async () => {
    if (lines !== undefined) {
      setLines(undefined);
      return;
    }
    try {
      const { diff, truncated } = await client.session(session.sessionId).diff(file.path);
      setLines(diffLines(diff));
      setNote(truncated ? "The diff is longer than 256 KB: its beginning." : "");
    } catch (error) {
      setNote(error instanceof Error ? error.message : String(error));
    }
  };
  const ask = async (line: DiffLine) => {
    const before = await drafts.read(session.sessionId);
    const where = `${file.path}:${line.after ?? line.before ?? ""}`;
    const question = `About ${where}\n> ${line.text.trim()}\n`;
    drafts.write(session.sessionId, before === "" ? question : `${before}\n${question}`);
    chat.draftVersion.value += 1;
    onClose();
  };
  return (
    <li>
      <button type="button" class="change-name" aria-expanded={lines !== undefined} onClick={toggle}>
        <span class="clip path">{file.path}</span>
        <span class="meta">
          {file.state}
          {file.insertions !== undefined && (
            <>
              {" "}
              <span class="added">+{file.insertions}</span>{" "}
              <span class="removed">−{file.deletions ?? 0}</span>
            </>
          )}
        </span>
      </button>
      {note !== "" && <p class="meta">{note}</p>}
      {lines && <DiffView lines={lines} onAsk={ask} />}
    </li>
  );
}
