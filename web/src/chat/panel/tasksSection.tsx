import { useState } from "preact/hooks";
import type { Session, Task } from "../../../../client/src/index.ts";
import { spanInWords } from "../../design/times.ts";
import { visible } from "../../design/visibleText.ts";
import { useDaylong, useHost } from "../../state/context.ts";
import type { Facts } from "./sessionFacts.ts";

/** Ended tasks that are listed besides those that run. */
const shownEnded = 5;

/** What Claude has running beside the conversation, each with a stop. */
export function TasksSection({ session, facts }: { session: Session; facts: Facts }) {
  const tasks = facts.tasks.value;
  const running = tasks.filter(({ state }) => state === "running");
  const ended = tasks.filter(({ state }) => state !== "running").slice(0, shownEnded);
  if (tasks.length === 0) return null;
  return (
    <section class="panel-section" aria-label="Tasks">
      <h3>Tasks{running.length > 0 ? `: ${running.length} running` : ""}</h3>
      <ul class="plain tasks">
        {[...running, ...ended].map((task) => (
          <TaskLine key={task.taskId} task={task} sessionId={session.sessionId} facts={facts} />
        ))}
      </ul>
    </section>
  );
}

function TaskLine({ task, sessionId, facts }: { task: Task; sessionId: string; facts: Facts }) {
  const { client } = useHost();
  const now = useDaylong().now.value;
  const [output, setOutput] = useState<string>();
  const [isStopping, setStopping] = useState(false);
  const handle = client.session(sessionId);
  const { taskId, description, state, startedAt, endedAt, dueAt, kind, agentType, lastTool, summary } = task;
  const show = async () => {
    if (output !== undefined) {
      setOutput(undefined);
      return;
    }
    const said = await handle.taskOutput(taskId).catch((error: unknown) => ({ output: String(error) }));
    setOutput(said.output || "It has printed nothing.");
  };
  const stop = async () => {
    setStopping(true);
    await handle.stopTask(taskId).catch(() => {});
    await facts.readTasks().catch(() => {});
    setStopping(false);
  };
  const span = spanInWords((endedAt ?? now) - startedAt);
  const what =
    state !== "running"
      ? `${state}, ${span}`
      : dueAt !== undefined
        ? `due in ${spanInWords(dueAt - now)}`
        : `running for ${span}${lastTool ? `: ${lastTool}` : ""}`;
  return (
    <li>
      <div class="row">
        <button type="button" class="task-name grow" aria-expanded={output !== undefined} onClick={show}>
          <span class="clip">{visible(description)}</span>
          <span class="meta clip">
            {agentType ?? kind}, {what}
          </span>
        </button>
        {state === "running" && (
          <button
            type="button"
            class="button small"
            disabled={isStopping}
            aria-label={`Stop the task ${description}`}
            onClick={stop}
          >
            {isStopping ? "Stopping" : "Stop"}
          </button>
        )}
      </div>
      {output !== undefined && (
        <pre class="plain-text output" tabIndex={0}>
          {visible(summary ? `${summary}\n\n${output}` : output)}
        </pre>
      )}
    </li>
  );
}
