import { useSignal } from "@preact/signals";
import { Time } from "../design/time.tsx";
import { useDaylong, useHost } from "../state/context.ts";
import type { Device } from "../state/daylong.ts";
import { useGo } from "../state/navigation.ts";
import { Told } from "./told.tsx";
import { useAction } from "./useAction.ts";

export const scopeWords: Record<string, string> = {
  admin: "may do everything, also manage devices and limits",
  chat: "may talk to Claude and answer it",
  read: "may look, and change nothing",
};

const keeping: Record<string, string> = {
  database: "",
  storage: "This browser keeps little for this address: long drafts and old sessions may be missing offline.",
  memory:
    "This browser keeps nothing for this address, as in a private window: when the page is closed, its pairing and what was not sent are gone.",
};

/** This page as a device: its name, what it may, how to end it. */
export function ThisDeviceSection({ me }: { me: Device }) {
  const daylong = useDaylong();
  const { client, host } = useHost();
  const go = useGo();
  const action = useAction();
  const name = useSignal(me.name);
  const asksToLeave = useSignal(false);
  const kept = keeping[daylong.store.kind] ?? "";
  const rename = (event: Event) => {
    event.preventDefault();
    void action.run("Keeping it", async () => {
      daylong.me.value = await client.rest.ask<Device>("PATCH", "/api/devices/me", {
        name: name.value.trim(),
      });
      return "Kept.";
    });
  };
  const leave = () =>
    action.run("Ending the pairing", async () => {
      await client.rest.ask("DELETE", "/api/devices/me");
      await daylong.forget(host.hostId);
      go("/pair");
      return "Ended.";
    });
  return (
    <section aria-labelledby="this-device-title">
      <h2 id="this-device-title">This device</h2>
      <form class="row named" onSubmit={rename}>
        <label class="field grow">
          <span>Name of this device</span>
          <input
            value={name.value}
            maxLength={100}
            required
            disabled={me.scope === "read"}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        </label>
        <button type="submit" class="button" disabled={me.scope === "read" || name.value.trim() === me.name}>
          Rename
        </button>
      </form>
      <p>
        Paired with {host.name} <Time at={me.createdAt} now={daylong.now.value} />; it{" "}
        {scopeWords[me.scope] ?? me.scope} <span class="meta">(scope “{me.scope}”)</span>.
      </p>
      {kept !== "" && <p class="meta">{kept}</p>}
      {asksToLeave.value ? (
        <div class="row wrap">
          <p class="grow">
            This device forgets the computer, and what it has not sent. The sessions stay on the computer.
          </p>
          <button
            type="button"
            class="button"
            onClick={() => {
              asksToLeave.value = false;
            }}
          >
            Stay paired
          </button>
          <button type="button" class="button danger" onClick={leave} disabled={action.isBusy.value}>
            End the pairing
          </button>
        </div>
      ) : (
        <button
          type="button"
          class="button"
          onClick={() => {
            asksToLeave.value = true;
          }}
        >
          Unpair this device
        </button>
      )}
      <Told action={action} />
    </section>
  );
}
