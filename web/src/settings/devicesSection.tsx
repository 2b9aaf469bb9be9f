import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Answer } from "../../../client/src/index.ts";
import { Time } from "../design/time.tsx";
import { visible } from "../design/visibleText.ts";
import { useDaylong, useHost } from "../state/context.ts";
import type { Device } from "../state/daylong.ts";
import { PairAnother } from "./pairAnother.tsx";
import { Told } from "./told.tsx";
import { useAction } from "./useAction.ts";

const pushNames: Record<string, string> = { apns: "Apple push", webpush: "Web Push" };

/** How often the list is read while it is on the screen. */
const rereadMs = 5_000;

/** The paired devices, for an admin. */
export function DevicesSection({ me }: { me: Device }) {
  const daylong = useDaylong();
  const { client } = useHost();
  const action = useAction();
  const devices = useSignal<readonly Device[] | undefined>(undefined);
  const isAdmin = me.scope === "admin";
  const read = async () => {
    devices.value = (await client.rest.ask<Answer<"GET /api/devices">>("GET", "/api/devices")).devices;
  };
  useEffect(() => {
    if (!isAdmin) return;
    const look = () => void read().catch(() => {});
    look();
    // No event tells that a device has connected.
    const timer = setInterval(look, rereadMs);
    const stop = client.onEvent((event) => {
      if (event.type === "device.paired" || event.type === "device.revoked") look();
    });
    return () => {
      clearInterval(timer);
      stop();
    };
  }, [client, isAdmin]);
  if (!isAdmin)
    return (
      <section aria-labelledby="devices-title">
        <h2 id="devices-title">Devices</h2>
        <p class="meta">
          Other devices are shown to, and revoked by, a device with the scope “admin” only. On the computer,
          “daylong pair --scope admin” makes a code for one.
        </p>
      </section>
    );
  const now = daylong.now.value;
  const revoke = ({ deviceId, name }: Device) =>
    action.run(`Revoking ${name}`, async () => {
      await client.rest.ask("DELETE", `/api/devices/${deviceId}`);
      await read();
      return `“${name}” is revoked: its connection has ended, and it has to be paired again.`;
    });
  return (
    <section aria-labelledby="devices-title">
      <h2 id="devices-title">Devices</h2>
      <ul class="plain devices" aria-label="Devices">
        {(devices.value ?? []).map((device) => (
          <li key={device.deviceId} class="row">
            <span class={`dot ${device.connected ? "good" : "hollow"}`} />
            <span class="grow">
              <span id={`device-${device.deviceId}`}>{visible(device.name)}</span>{" "}
              <span class="meta">
                {device.platform}, {device.scope}
                {device.deviceId === me.deviceId ? ", this device" : ""}
              </span>
              <span class="meta line">
                {device.connected ? (
                  "connected"
                ) : (
                  <>
                    last seen <Time at={device.lastSeenAt} now={now} />
                  </>
                )}
                {device.push
                  ? `, ${pushNames[device.push.provider] ?? device.push.provider}`
                  : ", no notifications"}
              </span>
            </span>
            {device.deviceId !== me.deviceId && device.deviceId !== "local" && (
              <button
                type="button"
                class="button small danger"
                disabled={action.isBusy.value}
                aria-describedby={`device-${device.deviceId}`}
                onClick={() => revoke(device)}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      <Told action={action} />
      <PairAnother />
    </section>
  );
}
