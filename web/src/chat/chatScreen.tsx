import { useHost } from "../state/context.ts";

/** One session: its conversation and what belongs to it. */
export function ChatScreen({ sessionId }: { sessionId: string }) {
  const session = useHost().sessions.get(sessionId);
  return (
    <div class="screen">
      <h1>{session?.title ?? "Session"}</h1>
    </div>
  );
}
