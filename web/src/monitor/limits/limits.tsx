import { useSignal } from "@preact/signals";
import { DaylongProblem } from "../../../../client/src/index.ts";
import type { Settings } from "../answers.ts";
import type { MonitorFeed } from "../monitorFeed.ts";
import { environmentName, type LimitLook, limitGroups, limitNumber, lookOf } from "./limitWords.ts";

const inWords = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: 4 });

/** The field's own fault says more than that the request was not valid. */
function faultWords(error: unknown): string {
  if (!(error instanceof DaylongProblem)) return "The server does not answer. Nothing was changed.";
  const faults = error.problem?.errors?.map(({ path, message }) => `${path} ${message}`) ?? [];
  return faults.length > 0 ? `${faults.join("; ")}.` : error.message;
}

type Setting = Settings[keyof Settings];

const heldBy: Record<NonNullable<Setting["limitedBy"]>, string> = {
  memory: "held there by the memory that is free",
  load: "held there by the load of the machine",
  maximum: "as many as there may be",
};

/** Limits that may follow what the machine has room for. */
const mayBeAuto: ReadonlySet<string> = new Set(["maxConcurrentSessions"]);

/** The limits as sliders: now, default, bounds, and what holds them; a change acts at once. */
export function Limits({ feed, settings }: { feed: MonitorFeed; settings: Settings }) {
  const named = Object.entries(settings).map(([name, setting]) => ({
    name,
    setting,
    look: lookOf(name, setting.max),
  }));
  return (
    <section aria-labelledby="limits-title" class="limits">
      <h2 id="limits-title">Limits</h2>
      {limitGroups.map((group) => (
        <div key={group}>
          <h3>{group}</h3>
          <div class="sliders">
            {named
              .filter(({ look }) => look.group === group)
              .map(({ name, setting, look }) => (
                <LimitSlider key={name} name={name} setting={setting} look={look} feed={feed} />
              ))}
          </div>
        </div>
      ))}
    </section>
  );
}

function LimitSlider(props: { name: string; setting: Setting; look: LimitLook; feed: MonitorFeed }) {
  const { name, setting, look, feed } = props;
  const { min, max, live, source, next, effective, limitedBy } = setting;
  const told = useSignal("");
  const isBad = useSignal(false);
  const dragged = useSignal<number | undefined>(undefined);
  const { value } = setting;
  const isAuto = value === "auto";
  const nextNumber = next === "auto" ? undefined : next;
  const inForce = typeof value === "number" ? value : (effective ?? setting.default);
  const shown = dragged.value ?? nextNumber ?? inForce;
  const isFixed = source === "environment";
  const upTo = Math.min(max, Math.max(look.upTo, inForce, setting.default));
  const set = async (wanted: number | string | null) => {
    told.value = "Changing …";
    isBad.value = false;
    try {
      await feed.change({ [name]: wanted });
      told.value = live ? "In force." : "In force after the next start.";
    } catch (error) {
      isBad.value = true;
      told.value = faultWords(error);
    }
    dragged.value = undefined;
  };
  const facts = [
    isAuto ? `auto: now ${inWords(inForce)}` : "",
    `default ${inWords(setting.default)}`,
    `${inWords(min)} to ${inWords(max)}`,
    limitedBy === undefined ? "" : heldBy[limitedBy],
    isFixed ? `fixed by ${environmentName(name)} in the environment` : "",
    next === undefined ? "" : `${limitNumber(inForce)} until the next start`,
    !live && !isFixed && next === undefined ? "acts from the next start" : "",
  ].filter((fact) => fact !== "");
  const noteId = `limit-${name}`;
  return (
    <div class="limit">
      <p class="row">
        <span class="grow">
          {look.words} <code class="meta">{name}</code>
        </span>
        <input
          type="number"
          class="limit-number"
          aria-label={`${name}, exact value`}
          min={min}
          max={max}
          step="any"
          value={limitNumber(shown)}
          disabled={isFixed}
          onChange={(event) => {
            const wanted = event.currentTarget.valueAsNumber;
            if (Number.isFinite(wanted)) void set(wanted);
          }}
        />
        <span class="unit meta">{look.unit}</span>
      </p>
      <input
        type="range"
        aria-label={name}
        aria-describedby={noteId}
        aria-valuetext={`${limitNumber(shown)} ${look.unit}`.trim()}
        min={Math.min(min, inForce) < look.step ? 0 : min}
        max={upTo}
        step={look.step}
        value={shown}
        disabled={isFixed}
        onInput={(event) => {
          dragged.value = Math.max(min, event.currentTarget.valueAsNumber);
        }}
        onChange={(event) => void set(Math.max(min, event.currentTarget.valueAsNumber))}
      />
      <p class="row meta" id={noteId}>
        <span class="grow">{facts.join(" · ")}</span>
        {source === "stored" && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void set(null)}
            aria-label={`${name}: back to default`}
          >
            Default
          </button>
        )}
        {mayBeAuto.has(name) && !isAuto && next !== "auto" && !isFixed && (
          <button
            type="button"
            class="button quiet small"
            onClick={() => void set("auto")}
            aria-label={`${name}: auto`}
          >
            Auto
          </button>
        )}
      </p>
      <p class={`meta ${isBad.value ? "fault" : ""}`} role="status">
        {told.value}
      </p>
    </div>
  );
}
