import type { Session } from "../../../client/src/index.ts";
import { Time } from "../design/time.tsx";
import type { AuditEntry, LifecycleEvent } from "./answers.ts";
import { isGrave, lifecycleWords } from "./lifecycleWords.ts";
import { MoreList } from "./moreList.tsx";

/** What happened to sessions, processes and devices, newest first. */
export function LifecycleLog(props: {
  events: readonly LifecycleEvent[];
  titleOf(sessionId: string): string;
  now: number;
}) {
  const { events, titleOf, now } = props;
  return (
    <section aria-labelledby="lifecycle-title">
      <h2 id="lifecycle-title">Lifecycle</h2>
      <MoreList
        name="Lifecycle log"
        items={events}
        draw={(event) => (
          <li key={event.cursor} class={isGrave(event) ? "grave" : ""}>
            <span class="meta when">
              <Time at={event.at} now={now} />
            </span>
            <span>
              {event.sessionId !== null && (
                <>
                  <a href={`/s/${event.sessionId}`}>{titleOf(event.sessionId)}</a>{" "}
                </>
              )}
              {lifecycleWords(event)}
            </span>
          </li>
        )}
      />
      {events.length === 0 && <p class="meta">Nothing has happened yet.</p>}
    </section>
  );
}

const actions: Record<string, string> = {
  "admin-token.accept": "accepted the computer’s own token",
  "pairing-code.create": "made a pairing code",
  "device.pair": "was paired",
  "device.rename": "renamed a device",
  "device.revoke": "revoked a device",
  "setting.change": "changed a limit",
  "message.send": "sent a message",
  "message.command": "ran a command",
  "message.mention": "mentioned a file",
  "message.mention-refuse": "mentioned a file that is out of reach",
  "command.refuse": "was refused a command",
  "attachment.upload": "uploaded a file",
  "attachment.cancel": "gave an upload up",
  "response.delete": "took a response out of /v1",
  "session.create": "began a session",
  "session.cancel": "ended a session’s process",
  "session.close": "closed a session",
  "session.erase": "erased a session",
  "session.keep-alive": "kept a session alive",
  "session.update": "changed a session",
  "session.rewind": "rewound files",
  "session.restrict": "took back what a session may do",
  "task.stop": "stopped a task",
  "turn.interrupt": "stopped an answer",
  "permission.allow": "allowed",
  "permission.deny": "denied",
  "push.register": "turned notifications on",
  "push.remove": "turned notifications off",
  "push.take": "took over a notification address",
  "project.trust": "trusts a project",
  "project.distrust": "trusts a project no more",
};

/** Which device changed what, newest first. */
export function AuditLog(props: {
  entries: readonly AuditEntry[];
  deviceName(deviceId: string): string;
  now: number;
}) {
  const { entries, deviceName, now } = props;
  return (
    <section aria-labelledby="audit-title">
      <h2 id="audit-title">Audit</h2>
      <MoreList
        name="Audit log"
        items={entries}
        draw={({ at, deviceId, action, target, detail }, index) => (
          <li key={`${at}-${index}`}>
            <span class="meta when">
              <Time at={at} now={now} />
            </span>
            <span>
              <strong>{deviceName(deviceId)}</strong> {actions[action] ?? action}{" "}
              <span class="meta break">
                {action === "setting.change" ? `${target} ` : ""}
                {detail}
              </span>
            </span>
          </li>
        )}
      />
    </section>
  );
}

export const titlesOf =
  (sessions: readonly Session[]) =>
  (sessionId: string): string =>
    sessions.find((session) => session.sessionId === sessionId)?.title ?? "a session";
