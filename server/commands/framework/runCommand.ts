import { exitUsage, type Flags, parseFlags, UsageError, usageFault } from "../../platform/flags.ts";
import type { Command } from "./command.ts";
import { helpOf } from "./help.ts";
import { shownText } from "./output.ts";
import { programName } from "./programName.ts";

/** Runs a subcommand with the rest of the command line. A wrong one ends the program with 64, a failure with 1. */
export async function runCommand<F extends Flags>(
  command: Command<F>,
  args: readonly string[],
): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure.
  process.stdout.on("error", () => process.exit(0));
  if (asksForHelp(args)) {
    console.log(helpOf(programName(), command as unknown as Command));
    return;
  }
  try {
    await command.run(parseFlags(command, args));
  } catch (error) {
    if (error instanceof UsageError) failUsage(`${programName()} ${command.name}`, error);
    failCommand(error);
  }
}

/** Whether a command line asks for help: what stands after `--` is no option. */
export const asksForHelp = (args: readonly string[]): boolean =>
  args
    .slice(0, args.includes("--") ? args.indexOf("--") : undefined)
    .some((one) => one === "--help" || one === "-h");

/** Says what is wrong with a command line, and ends the program. */
export function failUsage(program: string, error: UsageError): never {
  console.error(usageFault(program, error));
  process.exit(exitUsage);
}

/** Prints why a command failed, without a stack, and ends it. */
export function failCommand(error: unknown): never {
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
  // It may name files, and say what others said.
  console.error(shownText(`daylong: ${error instanceof Error ? error.message : String(error)}${cause}`));
  process.exit(1);
}
