import type { Session } from "../../../client/src/index.ts";
import { Icon } from "../design/icons.tsx";
import { count } from "../design/quantities.ts";
import { Ring } from "../design/ring.tsx";
import type { Chat } from "../state/chat/chat.ts";
import { useFacts } from "./panel/sessionFacts.ts";

/** One line over the composer: what runs beside the conversation, and how full the context is. */
export function StatusStrip({ session, chat, onOpen }: { session: Session; chat: Chat; onOpen: () => void }) {
  const facts = useFacts(session, chat);
  const { context, runningTasks } = session;
  const todos = facts.todos.value;
  const done = todos.filter(({ state }) => state === "completed").length;
  const active = todos.find(({ state }) => state === "in_progress");
  if (runningTasks === 0 && todos.length === 0 && (context === undefined || context.percent < 5)) return null;
  return (
    <button type="button" class="strip meta" onClick={onOpen}>
      {runningTasks > 0 && <span>{count(runningTasks, "task")} running</span>}
      {todos.length > 0 && (
        <span class="clip">
          todos {done}/{todos.length}
          {active && `: ${active.activeText ?? active.text}`}
        </span>
      )}
      {context && (
        <span class="row strip-context">
          <Ring
            share={context.percent / 100}
            size={16}
            label={`Context ${context.percent} % full`}
            tone={context.percent >= 80 ? "need" : "accent"}
          />
          ctx {context.percent} %
        </span>
      )}
      <Icon name="fold" size={14} />
    </button>
  );
}
