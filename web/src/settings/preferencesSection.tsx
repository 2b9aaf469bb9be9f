import { useDaylong, useHost } from "../state/context.ts";
import type { Device } from "../state/daylong.ts";
import { minuteOf, mutableKinds, timeOf } from "./preferenceWords.ts";
import { Told } from "./told.tsx";
import { useAction } from "./useAction.ts";

type Preferences = Device["preferences"];

/** Which kinds this device is not told of, and when it is to be quiet. */
export function PreferencesSection({ me }: { me: Device }) {
  const daylong = useDaylong();
  const { client } = useHost();
  const action = useAction();
  const { mutedKinds, quietHours } = me.preferences;
  const mayChange = me.scope !== "read";
  const change = (
    patch: Partial<Omit<Preferences, "quietHours">> & { quietHours?: Preferences["quietHours"] | null },
  ) =>
    action.run("Keeping it", async () => {
      // Shown at once, and taken back when the server does not take it.
      const { quietHours: quiet, ...rest } = patch;
      const wanted = Object.assign({}, me.preferences, rest);
      if (quiet === null) delete wanted.quietHours;
      else if (quiet !== undefined) wanted.quietHours = quiet;
      daylong.me.value = Object.assign({}, me, { preferences: wanted });
      try {
        daylong.me.value = await client.rest.ask<Device>("PATCH", "/api/devices/me", { preferences: patch });
      } catch (error) {
        daylong.me.value = me;
        throw error;
      }
      return "Kept.";
    });
  const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const setQuiet = (part: { startMinute?: number; endMinute?: number }) =>
    change({
      quietHours: {
        startMinute: part.startMinute ?? quietHours?.startMinute ?? 22 * 60,
        endMinute: part.endMinute ?? quietHours?.endMinute ?? 7 * 60,
        timeZone,
      },
    });
  return (
    <section aria-labelledby="kinds-title">
      <h2 id="kinds-title">What rings</h2>
      <p class="meta">
        Permissions, questions, plans and forms always ring: Claude waits for them. A single session is muted
        in its own panel.
      </p>
      <ul class="plain checks">
        {mutableKinds.map(({ kind, name, detail }) => (
          <li key={kind}>
            <label>
              <input
                type="checkbox"
                checked={!mutedKinds.includes(kind)}
                disabled={!mayChange || action.isBusy.value}
                onChange={(event) =>
                  change({
                    mutedKinds: event.currentTarget.checked
                      ? mutedKinds.filter((one) => one !== kind)
                      : [...mutedKinds, kind],
                  })
                }
              />
              <span>
                {name} <span class="meta">{detail}</span>
              </span>
            </label>
          </li>
        ))}
        <li>
          <label>
            <input
              type="checkbox"
              checked={quietHours !== undefined && quietHours !== null}
              disabled={!mayChange || action.isBusy.value}
              onChange={(event) =>
                event.currentTarget.checked ? setQuiet({}) : change({ quietHours: null })
              }
            />
            <span>
              Quiet hours <span class="meta">what can wait rings when they are over</span>
            </span>
          </label>
        </li>
      </ul>
      {quietHours && (
        <p class="row wrap quiet">
          <label class="field">
            <span>From</span>
            <input
              type="time"
              value={timeOf(quietHours.startMinute)}
              onChange={(event) => setQuiet({ startMinute: minuteOf(event.currentTarget.value) })}
            />
          </label>
          <label class="field">
            <span>To</span>
            <input
              type="time"
              value={timeOf(quietHours.endMinute)}
              onChange={(event) => setQuiet({ endMinute: minuteOf(event.currentTarget.value) })}
            />
          </label>
          <span class="meta">{quietHours.timeZone}</span>
        </p>
      )}
      <Told action={action} />
    </section>
  );
}
