import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { settingNames } from "../../../server/app/config.ts";
import { settingsDocument } from "./settingsTable.ts";

const settingsPath = "docs/guide/settings.md";
/** Names of log events in the server's sources, each with the levels at which it is written. */
const loggedEvents = () => {
  const levels = new Map<string, Set<string>>();
  for (const file of readdirSync("server", { recursive: true }) as string[]) {
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join("server", file), "utf8");
    for (const [, level = "", name = ""] of text.matchAll(
      /\.(debug|info|warn|error|fatal)\(\s*"([a-z_]+\.[a-z_]+)"/g,
    )) {
      levels.set(name, (levels.get(name) ?? new Set()).add(level));
    }
  }
  return levels;
};

describe("the guides", () => {
  test("the table of settings is what .env.example and the code say; DAYLONG_WRITE_FIXTURES=1 writes it anew", () => {
    const wanted = settingsDocument(readFileSync(".env.example", "utf8"));
    if (process.env.DAYLONG_WRITE_FIXTURES === "1") writeFileSync(settingsPath, wanted);
    expect(readFileSync(settingsPath, "utf8")).toBe(wanted);
    expect(settingNames.filter((name) => !wanted.includes(`| \`${name}\` |`))).toEqual([]);
    // A name without a word about it is no table of settings.
    expect(wanted.match(/^.*\| {2}\|$/gm) ?? []).toEqual([]);
  });

  test("every log event has its line in the list, with its levels, and no line is of an event that is gone", () => {
    const lines = readFileSync("docs/guide/log-events.md", "utf8").matchAll(
      /^\| `([a-z_.]+)` \| ([a-z, ]+) \| .+ \|$/gm,
    );
    const listed = [...lines].map(([, name, levels]) => `${name}: ${levels}`);
    const logged = [...loggedEvents()].map(([name, levels]) => `${name}: ${[...levels].sort().join(", ")}`);
    expect(logged.length).toBeGreaterThan(100);
    expect(listed.sort()).toEqual(logged.sort());
  });
});
