import { useHost } from "../state/context.ts";

/** The inbox: every session, in the order in which it needs its owner. */
export function HomeScreen({ openSessionId }: { openSessionId?: string }) {
  const { sessions } = useHost();
  return (
    <ul class="plain" aria-label="Sessions">
      {sessions.all.value.map(({ sessionId, title, state }) => (
        <li key={sessionId}>
          <a href={`/s/${sessionId}`} aria-current={sessionId === openSessionId ? "page" : undefined}>
            {title} <span class="meta">{state}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}
