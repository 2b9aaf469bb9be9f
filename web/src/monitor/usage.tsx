import { count, dollars, shortNumber } from "../design/quantities.ts";
import { exactTime, spanInWords } from "../design/times.ts";
import { visible } from "../design/visibleText.ts";
import { projectName } from "../state/sessionWords.ts";
import type { Usage } from "./answers.ts";

const dayWords = (day: string): string =>
  new Date(`${day}T12:00:00`).toLocaleDateString(undefined, { day: "numeric", month: "short" });

/** The plan's windows as bars that say when they begin anew. */
function Plan({ plan, now }: { plan: Usage["plan"]; now: number }) {
  if (!plan.available)
    return (
      <p class="meta">
        No plan windows: Claude works with an API key, or has not told its plan yet. Costs below are what the
        CLI reports.
      </p>
    );
  return (
    <ul class="plain bars">
      {plan.windows.map(({ id, label, utilizationPercent, resetsAt }) => (
        <li key={id}>
          <span class="row">
            <span class="grow">{label}</span>
            <strong>{Math.round(utilizationPercent)} %</strong>
          </span>
          <progress
            value={Math.min(100, utilizationPercent)}
            max={100}
            class={utilizationPercent >= 80 ? "need" : ""}
            aria-label={`${label}: used`}
          />
          {resetsAt !== undefined && (
            <span class="meta" title={exactTime(resetsAt)}>
              begins anew in {spanInWords(resetsAt - now)}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

const mostDays = 30;

/** Cost of each day as a column. */
function Days({ days }: { days: Usage["days"] }) {
  const shown = [...days].sort((a, b) => a.day.localeCompare(b.day)).slice(-mostDays);
  const most = Math.max(...shown.map(({ costUsd }) => costUsd), 0.000_001);
  const total = shown.reduce((sum, { costUsd }) => sum + costUsd, 0);
  const [height, gap] = [72, 3];
  // Few days stand at the right, where today is.
  const offset = (mostDays - shown.length) * 12;
  const label = `Cost by day, ${count(shown.length, "day")}: ${dollars(total)} in all`;
  const first = shown[0];
  const last = shown.at(-1);
  if (!first || !last) return <p class="meta">No answer has cost anything yet.</p>;
  return (
    <figure class="days">
      <figcaption class="row">
        <span class="grow">Cost by day</span>
        <strong>{dollars(total)}</strong>
      </figcaption>
      <svg viewBox={`0 0 ${mostDays * 12} ${height}`} role="img" aria-label={label}>
        {shown.map(({ day, costUsd, turns }, index) => {
          const tall = Math.max(1.5, (costUsd / most) * (height - 2));
          return (
            <rect key={day} x={offset + index * 12} y={height - tall} width={12 - gap} height={tall} rx="1.5">
              <title>{`${dayWords(day)}: ${dollars(costUsd)}, ${count(turns, "answer")}`}</title>
            </rect>
          );
        })}
      </svg>
      <p class="row meta">
        <span class="grow">{last === first ? "" : dayWords(first.day)}</span>
        <span>{dayWords(last.day)}</span>
      </p>
    </figure>
  );
}

interface Share {
  name: string;
  full: string;
  costUsd: number;
  tokens: { input: number; output: number };
  turns: number;
}

function Shares({ title, shares }: { title: string; shares: Share[] }) {
  const most = Math.max(...shares.map(({ costUsd }) => costUsd), 0.000_001);
  return (
    <div>
      <h3>{title}</h3>
      <ul class="plain bars">
        {shares
          .sort((a, b) => b.costUsd - a.costUsd)
          .map(({ name, full, costUsd, tokens, turns }) => (
            <li key={full}>
              <span class="row">
                <span class="grow clip" title={full}>
                  {name}
                </span>
                <strong>{dollars(costUsd)}</strong>
              </span>
              <progress value={costUsd} max={most} aria-label={`${name}: cost`} />
              <span class="meta">
                {count(turns, "answer")}, {shortNumber(tokens.input)} tokens in, {shortNumber(tokens.output)}{" "}
                out
              </span>
            </li>
          ))}
      </ul>
    </div>
  );
}

/** Use of the plan and what it costs. */
export function UsageSection({ usage, now }: { usage: Usage; now: number }) {
  return (
    <section aria-labelledby="usage-title" class="usage">
      <h2 id="usage-title">Use and cost</h2>
      <Plan plan={usage.plan} now={now} />
      <Days days={usage.days} />
      {usage.byProject.length > 0 && (
        <Shares
          title="By project"
          shares={usage.byProject.map(({ projectPath, ...rest }) => ({
            ...rest,
            full: visible(projectPath),
            name: projectName(projectPath),
          }))}
        />
      )}
      {usage.byModel.length > 0 && (
        <Shares
          title="By model"
          shares={usage.byModel.map(({ model, ...rest }) => ({ ...rest, full: model, name: model }))}
        />
      )}
    </section>
  );
}
