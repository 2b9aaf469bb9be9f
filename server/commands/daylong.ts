#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { UsageError } from "../platform/flags.ts";
import { nearName } from "../platform/nearName.ts";
import { readVersion } from "../platform/packageVersion.ts";
import { overview } from "./framework/help.ts";
import { programName } from "./framework/programName.ts";
import { asksForHelp, failUsage, runCommand } from "./framework/runCommand.ts";
import { subcommands } from "./subcommands.ts";

const program = programName();
const [name, ...rest] = process.argv.slice(2);
const command = subcommands.find((one) => one.name === name);

if (command !== undefined) await runCommand(command, rest);
else if (name === "--version") {
  console.log(readVersion(fileURLToPath(new URL("../../../package.json", import.meta.url))));
} else if (name === undefined || name === "help" || asksForHelp([name])) {
  const asked = subcommands.find((one) => one.name === rest[0]);
  if (asked !== undefined) await runCommand(asked, ["--help"]);
  else console.log(overview(program, subcommands));
} else {
  const names = subcommands.map((one) => one.name);
  const near =
    names.find((one) => one.startsWith(name)) ??
    nearName(
      name.toUpperCase(),
      names.map((one) => one.toUpperCase()),
    );
  const hint = near === undefined ? "" : ` Did you mean ${near.toLowerCase()}?`;
  failUsage(program, new UsageError(`${JSON.stringify(name)} is no command.${hint}`));
}
