import { type ParseArgsConfig, parseArgs } from "node:util";

/** sysexits.h: EX_USAGE. */
const exitUsage = 64;

/** Reads the flags a command was called with. Names a faulty one in a sentence, and ends the command. */
export function readFlags<const T extends NonNullable<ParseArgsConfig["options"]>>(
  script: string,
  options: T,
) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    console.error(`${said.replace(/\.?$/, ".")} ${script} --help says what it takes.`);
    process.exit(exitUsage);
  }
}
