import { useEffect } from "preact/hooks";
import { pushWords } from "../push/pushState.ts";
import { currentPush } from "../push/startPush.ts";
import type { Device } from "../state/daylong.ts";
import { Told } from "./told.tsx";
import { useAction } from "./useAction.ts";

const outcomes: Record<string, string> = {
  sent: "Accepted by the push service",
  retry: "Not taken now; real pushes are tried again",
  gone: "The push service does not know this browser any more: turn notifications off and on",
  config: "The server’s own set-up is at fault",
  dead: "Refused",
};

/** Notifications of this browser as they really stand, and a push to try them. */
export function NotificationSection({ me }: { me: Device }) {
  const push = currentPush.value;
  const state = push?.state.value;
  const action = useAction();
  useEffect(() => {
    push?.look(me).catch(() => {});
  }, [push, me]);
  if (push === undefined || state === undefined)
    return (
      <section aria-labelledby="notifications-title">
        <h2 id="notifications-title">Notifications</h2>
        <p class="meta" role="status">
          Looking how notifications stand in this browser
        </p>
      </section>
    );
  const { title, detail } = pushWords[state];
  const test = () =>
    action.run("Sending a push", async () => {
      const { outcome, status, reason, latencyMs } = await push.test();
      const facts = [status, reason].filter((fact) => fact !== undefined).join(", ");
      return `${outcomes[outcome] ?? outcome}${facts === "" ? "" : ` (${facts})`}, after ${Math.round(latencyMs)} ms.${
        outcome === "sent"
          ? " It should ring within seconds; if not, look at the system’s notification settings."
          : ""
      }`;
    });
  return (
    <section aria-labelledby="notifications-title">
      <h2 id="notifications-title">Notifications</h2>
      <p class="row">
        <span class={`dot ${state === "on" ? "good" : state === "off" ? "hollow" : "need"}`} />
        <strong>{title}</strong>
      </p>
      <p>{detail}</p>
      <p class="row wrap actions">
        {state === "off" && (
          <button
            type="button"
            class="button primary"
            disabled={action.isBusy.value}
            onClick={() =>
              action.run("Asking the browser", async () => {
                await push.turnOn(me);
                return push.state.value === "on"
                  ? "Notifications are on."
                  : "The browser did not allow them.";
              })
            }
          >
            Turn on notifications
          </button>
        )}
        {state === "on" && (
          <>
            <button type="button" class="button" disabled={action.isBusy.value} onClick={test}>
              Send a test
            </button>
            <button
              type="button"
              class="button"
              disabled={action.isBusy.value}
              onClick={() =>
                action.run("Turning off", async () => {
                  await push.turnOff(me);
                  return "Notifications are off.";
                })
              }
            >
              Turn off
            </button>
          </>
        )}
      </p>
      <Told action={action} />
      <p class="meta">
        The number on Daylong’s icon counts what you have not read on any device. A push is a preview: the
        conversation has all.
      </p>
    </section>
  );
}
