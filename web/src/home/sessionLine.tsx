import type { Session } from "../../../client/src/index.ts";
import { count } from "../design/quantities.ts";
import { Ring } from "../design/ring.tsx";
import { Time } from "../design/time.tsx";
import { visible } from "../design/visibleText.ts";
import { useDaylong } from "../state/context.ts";
import { leaseLeft, projectName, sessionTitle, stateWords } from "../state/sessionWords.ts";

/** A session in two lines: what it is and how it stands, what was said last. */
export function SessionLine({ session, isOpen }: { session: Session; isOpen: boolean }) {
  const now = useDaylong().now.value;
  const words = stateWords(session, now);
  const lease = leaseLeft(session, now);
  const title = sessionTitle(session);
  const project = projectName(session.projectPath);
  const { unread, lastText, lastActivityAt, runningTasks, state } = session;
  const isQuiet = words.tone === "quiet";
  const tasks =
    runningTasks > 0 && words.tone === "working" && state === "busy" ? count(runningTasks, "task") : "";
  return (
    <a class="session-line" href={`/s/${session.sessionId}`} aria-current={isOpen ? "page" : undefined}>
      <span class="row">
        <span class="session-title clip">{title}</span>
        {title !== project && <span class="meta clip session-project">{project}</span>}
        <span class="grow" />
        {unread > 0 && (
          <span class="count" title={`${unread} unread`}>
            {unread}
            <span class="heard-only"> unread</span>
          </span>
        )}
        <Ring
          share={lease.share}
          size={16}
          label={lease.long}
          tone={session.lease.warnedAt === undefined ? "accent" : "need"}
        />
      </span>
      <span class="row meta">
        {!isQuiet && <span class={`state clip ${words.tone}`}>{visible(words.text)}</span>}
        {isQuiet && <span class="clip grow">{visible(lastText ?? words.text)}</span>}
        {tasks !== "" && <span>· {tasks} running</span>}
        {isQuiet ? <Time at={lastActivityAt} now={now} /> : null}
      </span>
      {!isQuiet && words.tone === "bad" && lastText !== undefined && (
        <span class="meta clip">{visible(lastText)}</span>
      )}
    </a>
  );
}
