import { useSignal } from "@preact/signals";
import { count, memoryInWords } from "../design/quantities.ts";
import { Ring } from "../design/ring.tsx";
import { shortSpan, spanInWords } from "../design/times.ts";
import { visible } from "../design/visibleText.ts";
import { useHost } from "../state/context.ts";
import { sessionTitle } from "../state/sessionWords.ts";
import type { History, LiveSession } from "./answers.ts";
import { Sparkline } from "./sparkline.tsx";

const stateWords = (
  { state, turn, openPermissions, runningTasks, compacting }: LiveSession,
  now: number,
): string => {
  if (openPermissions > 0) return `Waits for you: ${count(openPermissions, "decision")}`;
  if (compacting) return "Sums the conversation up";
  if (state === "busy" && turn)
    return `Working for ${spanInWords(now - turn.startedAt)}${turn.lastTool ? `: ${turn.lastTool}` : ""}`;
  if (runningTasks > 0) return `${count(runningTasks, "task")} running`;
  return state === "idle" ? "Idle" : state.charAt(0).toUpperCase() + state.slice(1);
};

/** One live session: its process, its use of the computer, its lease, and what can be done with it. */
function Row(props: {
  session: LiveSession;
  history: History | undefined;
  canAct: boolean;
  now: number;
  ended(): void;
}) {
  const { session, history, canAct, now, ended } = props;
  const { client } = useHost();
  const told = useSignal("");
  const isBusy = useSignal(false);
  const { sessionId, projectPath, process, lease, runningTasks } = session;
  const title = sessionTitle(session);
  const points = history?.sessions.find((one) => one.sessionId === sessionId)?.points ?? [];
  const leftMs = lease.expiresAt - now;
  const share = leftMs / Math.max(1, lease.expiresAt - lease.startedAt);
  const act = (noun: string, work: () => Promise<string>) => async () => {
    isBusy.value = true;
    told.value = `${noun} …`;
    try {
      told.value = await work();
    } catch (error) {
      told.value = `${noun}: ${error instanceof Error ? error.message : "the server does not answer"}`;
    }
    isBusy.value = false;
  };
  const end = act("Ending", async () => {
    await client.rest.ask("POST", "/api/sessions/cancel", { sessionId });
    ended();
    return "Ended. The next message wakes it.";
  });
  const keep = act("Keeping alive", async () => {
    const { expiresAt } = await client.keepAlive(sessionId);
    return `Kept: expires in ${spanInWords(expiresAt - now)}.`;
  });
  const recap = act("Recap", async () => (await client.recap(sessionId)).text);
  const nameId = `live-${sessionId}`;
  return (
    <tr>
      <th scope="row" class="live-name">
        <a href={`/s/${sessionId}`} id={nameId}>
          {title}
        </a>
        <span class="meta clip" title={visible(projectPath)}>
          {stateWords(session, now)}
        </span>
      </th>
      <td data-name="Memory">
        <Sparkline
          values={points.map(({ rssBytes }) => rssBytes)}
          max={0}
          label={`Memory of ${title}, last ten minutes`}
        />
        <span class="number">{process ? memoryInWords(process.rssBytes) : "—"}</span>
      </td>
      <td data-name="CPU">
        <Sparkline
          values={points.map(({ cpuPercent }) => cpuPercent)}
          max={100}
          label={`CPU of ${title}, last ten minutes`}
        />
        <span class="number">{process ? `${Math.round(process.cpuPercent)} %` : "—"}</span>
      </td>
      <td data-name="Process">
        {process ? (
          <>
            <span class="number">{process.pid}</span>{" "}
            <span class="meta">
              up {shortSpan(now - process.startedAt)}, {count(process.processCount, "process", "processes")}
            </span>
          </>
        ) : (
          "starting"
        )}
      </td>
      <td data-name="Tasks">{runningTasks}</td>
      <td data-name="Time left">
        <span class="row">
          <Ring
            share={share}
            label={`Expires in ${spanInWords(leftMs)}`}
            tone={share < 0.17 ? "need" : "accent"}
          />
          {spanInWords(leftMs)}
        </span>
      </td>
      <td class="live-actions">
        {canAct && (
          <div class="row">
            <button
              type="button"
              class="button small"
              disabled={isBusy.value}
              onClick={keep}
              aria-describedby={nameId}
            >
              Keep alive
            </button>
            <button
              type="button"
              class="button small"
              disabled={isBusy.value}
              onClick={recap}
              aria-describedby={nameId}
            >
              Recap
            </button>
            <button
              type="button"
              class="button small danger"
              disabled={isBusy.value}
              onClick={end}
              aria-describedby={nameId}
              title="Ends the process; the conversation stays"
            >
              End
            </button>
          </div>
        )}
        {/* There from the start, so that it is heard when it changes. */}
        <p class="meta told" role="status">
          {told.value}
        </p>
      </td>
    </tr>
  );
}

export function LiveSessions(props: {
  sessions: readonly LiveSession[];
  history: History | undefined;
  canAct: boolean;
  now: number;
  changed(): void;
}) {
  const { sessions, history, canAct, now, changed } = props;
  const said = useSignal("");
  return (
    <section aria-labelledby="live-title">
      <h2 id="live-title">Live sessions</h2>
      <table class="live" aria-label="Live sessions">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Memory</th>
            <th scope="col">CPU</th>
            <th scope="col">Process</th>
            <th scope="col">Tasks</th>
            <th scope="col">Time left</th>
            <th scope="col">{canAct ? "Actions" : <span class="heard-only">Outcome</span>}</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <Row
              key={session.sessionId}
              session={session}
              history={history}
              canAct={canAct}
              now={now}
              ended={() => {
                said.value = `${sessionTitle(session)}: ended. The next message wakes it.`;
                changed();
              }}
            />
          ))}
        </tbody>
      </table>
      {sessions.length === 0 && (
        <p class="meta">No session has a process now. A message to one starts it within a second.</p>
      )}
      <p class="meta" role="status">
        {said.value}
      </p>
    </section>
  );
}
