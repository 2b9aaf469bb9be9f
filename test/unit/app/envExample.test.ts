import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { readConfig, settingNames } from "../../../server/app/config.ts";

/** The lines of .env.example that set something, with the mark of a comment before them or without. */
const example = Object.fromEntries(
  [...readFileSync(".env.example", "utf8").matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(
    ([, name = "", value = ""]) => [name, value],
  ),
);

/** What every program finds in its environment, and what scripts/start says to the server. */
const notSettings = new Set([
  "PATH",
  "HOME",
  "LANG",
  "TMPDIR",
  "SHELL",
  "XDG_CONFIG_HOME",
  "DAYLONG_CWD",
  "DAYLONG_COMMAND",
  "NO_COLOR",
  "TERM",
  // Every name of Anthropic's is passed on to the CLI; the doctor reads this one to say so.
  "ANTHROPIC_BASE_URL",
]);

/** Variables that the server's sources read by their name, apart from the schema of the configuration. */
const readByName = (readdirSync("server", { recursive: true }) as string[])
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => [
    ...readFileSync(`server/${file}`, "utf8").matchAll(/\b(?:environment|env)\.([A-Z][A-Z0-9_]+)\b(?! = )/g),
  ])
  .map(([, name = ""]) => name)
  .filter((name) => !notSettings.has(name));

describe(".env.example", () => {
  test("lists every variable that the server reads from its environment, and no other", () => {
    // By its name alone, because it is the CLI's own.
    expect(readByName).toContain("CLAUDE_CONFIG_DIR");
    expect(Object.keys(example).sort()).toEqual([...new Set([...settingNames, ...readByName])].sort());
  });

  test("gives every variable its default", () => {
    expect(readConfig(example)).toEqual(readConfig({}));
  });
});
