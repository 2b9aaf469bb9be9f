import { runCommand } from "./commands/framework/runCommand.ts";
import { start } from "./commands/subcommands/start.ts";

await runCommand(start, process.argv.slice(2));
