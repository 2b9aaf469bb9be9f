import { environmentName, limitNames, limitTable } from "../../../server/domain/limits.ts";

/** A line of `.env.example` that sets something, with what is said above it. */
interface Setting {
  name: string;
  value: string;
  section: string;
  words: string;
}

/** What `.env.example` says of each setting: the lines above it. */
function settingsOf(example: string): Setting[] {
  const settings: Setting[] = [];
  let [section, words] = ["", ""];
  for (const line of example.split("\n")) {
    const heading = /^# -- (.*?) -+$/.exec(line)?.[1];
    const [, name, value = ""] = /^#?([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) section = heading;
    else if (name !== undefined) settings.push({ name, value, section, words });
    const goesOn = heading === undefined && name === undefined && line.startsWith("# ");
    words = goesOn ? `${words} ${line.slice(2)}`.trim() : "";
  }
  return settings;
}

/** The limits by the name that they have in the environment. */
const limits = new Map(
  limitNames.map((name) => [
    environmentName(name),
    limitTable[name] as { min: number; max: number; live: boolean },
  ]),
);

const row = ({ name, value, words }: Setting): string => {
  const limit = limits.get(name);
  const bounds = limit === undefined ? "" : `${limit.min} to ${limit.max}`;
  const live = limit === undefined ? "" : limit.live ? "yes" : "at the next start";
  const shown = value === "" ? "unset" : `\`${value}\``;
  return `| \`${name}\` | ${shown} | ${bounds} | ${live} | ${words.replaceAll("|", "\\|")} |`;
};

/** docs/guide/settings.md as it has to be. */
export function settingsDocument(example: string): string {
  const settings = settingsOf(example);
  const sections = [...new Set(settings.map(({ section }) => section))];
  const tables = sections.map((section) =>
    [
      `## ${section.replace(/ \(measured.*/, "")}`,
      "",
      "| setting | default | bounds | changed while it runs | what it does |",
      "|---|---|---|---|---|",
      ...settings.filter((setting) => setting.section === section).map(row),
      "",
    ].join("\n"),
  );
  return [
    "# Settings",
    "",
    "Variables of the environment, or lines of `.env` in the data folder or Daylong's own folder. The environment wins over the file, the file over what was set from a",
    "phone (`PATCH /api/settings`, the monitor's sliders), that over the default. An empty value is unset. This page is made from `.env.example` and the code.",
    "",
    ...tables,
  ].join("\n");
}
