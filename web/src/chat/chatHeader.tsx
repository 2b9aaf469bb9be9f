import type { Session } from "../../../client/src/index.ts";
import { Icon } from "../design/icons.tsx";
import { Ring } from "../design/ring.tsx";
import { visible } from "../design/visibleText.ts";
import type { Chat } from "../state/chat/chat.ts";
import { useDaylong } from "../state/context.ts";
import { leaseLeft, projectName, sessionTitle, stateWords } from "../state/sessionWords.ts";

/** Which session, what it does, and how long it lives. */
export function ChatHeader(props: {
  session?: Session;
  chat: Chat;
  onPanel: () => void;
  isPanelOpen: boolean;
}) {
  const { session, chat, onPanel, isPanelOpen } = props;
  const now = useDaylong().now.value;
  const words = session && stateWords(session, now, chat.activity.value, chat.live.value !== undefined);
  const lease = session && leaseLeft(session, now);
  const tone = session?.lease.warnedAt === undefined ? "accent" : "need";
  return (
    <header class="chat-header">
      <a class="button quiet icon back" href="/" aria-label="Back to sessions">
        <Icon name="back" />
      </a>
      <div class="grow">
        <h1 class="clip">{session ? sessionTitle(session) : "Session"}</h1>
        <p class={`meta clip state ${words?.tone ?? ""}`} title={session && visible(session.projectPath)}>
          {words?.text ?? "Reading the session"}
          {session && sessionTitle(session) !== projectName(session.projectPath) && (
            <span> · {projectName(session.projectPath)}</span>
          )}
        </p>
      </div>
      {lease && (
        <button
          type="button"
          class="button quiet lease"
          onClick={onPanel}
          aria-expanded={isPanelOpen}
          aria-label={`${lease.long}. What belongs to the session`}
        >
          <Ring share={lease.share} label={lease.long} tone={tone} />
          <span class="meta">{lease.short}</span>
        </button>
      )}
    </header>
  );
}
