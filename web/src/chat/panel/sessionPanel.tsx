import { useState } from "preact/hooks";
import type { Session } from "../../../../client/src/index.ts";
import { Icon } from "../../design/icons.tsx";
import { dollars, shortNumber } from "../../design/quantities.ts";
import { Ring } from "../../design/ring.tsx";
import { exactTime } from "../../design/times.ts";
import { visible } from "../../design/visibleText.ts";
import type { Chat } from "../../state/chat/chat.ts";
import { useDaylong, useHost } from "../../state/context.ts";
import { modeWords } from "../../state/modeWords.ts";
import { leaseLeft } from "../../state/sessionWords.ts";
import { ChangesSection } from "./changesSection.tsx";
import { SessionActions } from "./sessionActions.tsx";
import { useFacts } from "./sessionFacts.ts";
import { TasksSection } from "./tasksSection.tsx";

/** What belongs to the session: its lease, tasks, todos, changes, context and cost. */
export function SessionPanel({
  session,
  chat,
  onClose,
}: {
  session: Session;
  chat: Chat;
  onClose: () => void;
}) {
  const facts = useFacts(session, chat);
  return (
    <aside class="panel" aria-label="What belongs to the session">
      <div class="row panel-top">
        <h2 class="grow">Session</h2>
        <button type="button" class="button quiet icon" aria-label="Close the panel" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <LeaseSection session={session} />
      <TasksSection session={session} facts={facts} />
      <TodosSection facts={facts} />
      <ChangesSection session={session} chat={chat} facts={facts} onClose={onClose} />
      <ContextSection session={session} chat={chat} />
      <SessionActions session={session} />
    </aside>
  );
}

function LeaseSection({ session }: { session: Session }) {
  const { client, sessions } = useHost();
  const now = useDaylong().now.value;
  const [busy, setBusy] = useState("");
  const [said, setSaid] = useState("");
  const lease = leaseLeft(session, now);
  const act = async (name: string, action: () => Promise<string>) => {
    setBusy(name);
    try {
      setSaid(await action());
      await sessions.ask(session.sessionId);
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy("");
    }
  };
  const keep = async () => {
    await client.keepAlive(session.sessionId);
    return "Kept alive for the next 24 hours.";
  };
  const recap = async () => (await client.recap(session.sessionId)).text;
  return (
    <section class="panel-section">
      <div class="row">
        <Ring
          share={lease.share}
          size={36}
          label={lease.long}
          tone={session.lease.warnedAt ? "need" : "accent"}
        />
        <div class="grow">
          <p>{lease.long}</p>
          <p class="meta" title={exactTime(session.lease.expiresAt)}>
            {session.autoKeepAlive ? "Kept alive by itself" : "Any message renews it"}
          </p>
        </div>
      </div>
      {session.lease.warnedAt === undefined && session.state !== "expired" && (
        <div class="row wrap">
          <button type="button" class="button small" disabled={busy !== ""} onClick={() => act("keep", keep)}>
            Keep alive
          </button>
          <button
            type="button"
            class="button small"
            disabled={busy !== ""}
            onClick={() => act("recap", recap)}
          >
            {busy === "recap" ? "Claude sums up" : "Recap"}
          </button>
        </div>
      )}
      {said !== "" && <p class="recap">{said}</p>}
    </section>
  );
}

function TodosSection({ facts }: { facts: ReturnType<typeof useFacts> }) {
  const todos = facts.todos.value;
  if (todos.length === 0) return null;
  const signs = { completed: "Done", in_progress: "Now", pending: "Later" } as const;
  return (
    <section class="panel-section" aria-label="Todos">
      <h3>
        Todos {todos.filter(({ state }) => state === "completed").length}/{todos.length}
      </h3>
      <ul class="plain todos">
        {todos.map(({ id, text, state }) => (
          <li key={id} class={state}>
            <span class="meta">{signs[state]}</span> {text}
          </li>
        ))}
      </ul>
    </section>
  );
}

function ContextSection({ session, chat }: { session: Session; chat: Chat }) {
  const { context, costUsd, tokens } = session;
  return (
    <section class="panel-section" aria-label="Context and cost">
      {context && (
        <div class="row">
          <Ring
            share={context.percent / 100}
            size={28}
            label={`Context ${context.percent} % full`}
            tone={context.percent >= 80 ? "need" : "accent"}
          />
          <p class="grow">
            Context {context.percent} %
            <br />
            <span class="meta">
              {shortNumber(context.usedTokens)} of {shortNumber(context.windowTokens)} tokens
            </span>
          </p>
          <button
            type="button"
            class="button small"
            disabled={session.compacting || session.state === "busy"}
            title="Claude sums up the conversation to make room; costs one answer"
            onClick={() => chat.send("/compact", [])}
          >
            Compact
          </button>
        </div>
      )}
      <dl class="facts">
        <dt>Cost</dt>
        <dd>{dollars(costUsd)}</dd>
        <dt>Tokens</dt>
        <dd>
          {shortNumber(tokens.input)} in, {shortNumber(tokens.output)} out
        </dd>
        <dt>Turns</dt>
        <dd>{session.turnCount}</dd>
        <dt>Model</dt>
        <dd>{session.model ?? "default"}</dd>
        <dt>Mode</dt>
        <dd>{modeWords[session.permissionMode]}</dd>
        {session.gitBranch && (
          <>
            <dt>Branch</dt>
            <dd>{visible(session.gitBranch)}</dd>
          </>
        )}
        <dt>Folder</dt>
        <dd class="path">{visible(session.projectPath)}</dd>
      </dl>
    </section>
  );
}
