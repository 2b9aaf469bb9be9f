import type { Session } from "../../../client/src/index.ts";
import { Time } from "../design/time.tsx";
import { spanInWords } from "../design/times.ts";
import type { Health, LifecycleEvent } from "./answers.ts";
import { healthWords, incidentsOf } from "./incidentRules.ts";

/** What is wrong now, since when and what is done about it; and each part of the server in words. */
export function Incidents(props: {
  health: Health | undefined;
  sessions: readonly Session[];
  lifecycle: readonly LifecycleEvent[];
  now: number;
}) {
  const { health, sessions, lifecycle, now } = props;
  const incidents = incidentsOf({ health, sessions, lifecycle });
  return (
    <section aria-labelledby="incidents-title">
      <h2 id="incidents-title">Incidents</h2>
      {health && incidents.length === 0 && <p>Nothing is wrong.</p>}
      <ul class="plain incidents">
        {incidents.map(({ key, title, detail, since, done, sessionId, tone }) => (
          <li key={key} class={tone}>
            <p class="row">
              <span class={`dot ${tone}`} />
              <strong>{sessionId ? <a href={`/s/${sessionId}`}>{title}</a> : title}</strong>
              <span class="meta">
                {since === undefined ? (
                  "for longer than the log below shows, or just now"
                ) : (
                  <>
                    since <Time at={since} now={now} />
                  </>
                )}
              </span>
            </p>
            {detail !== "" && <p>{detail}</p>}
            {done !== "" && <p class="meta">{done}</p>}
          </li>
        ))}
      </ul>
      {health && (
        <>
          <h3 class="meta">
            Daylong {health.version}, up {spanInWords(health.uptimeMs)}
          </h3>
          <ul class="plain health">
            {healthWords(health).map(({ name, words, tone }) => (
              <li key={name} class="row">
                <span class={`dot ${tone === "" ? "hollow" : tone}`} />
                <span>
                  {name}: {words}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
