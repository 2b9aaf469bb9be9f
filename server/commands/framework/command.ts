import type { Argument, Flags, FlagValues } from "../../platform/flags.ts";

/** What a subcommand was called with. */
export interface Call<F extends Flags> {
  values: FlagValues<F>;
  /** The arguments that are no options, in their order. */
  given: string[];
}

/** A subcommand of `daylong`. A new one is a file in `subcommands`, and a line in its index. */
export interface Command<F extends Flags = Flags> {
  name: string;
  /** Its line in the list of subcommands. */
  summary: string;
  /** The rest of its help. */
  details?: string;
  flags: F;
  arguments?: readonly Argument[];
  /** Rejects with a UsageError when the command line makes no sense, with another error when it failed: both are told without a stack. */
  run(call: Call<F>): Promise<void>;
}

export const defineCommand = <const F extends Flags>(command: Command<F>): Command<F> => command;

/** Options that several subcommands have. */
export const commonFlags = {
  "data-dir": {
    type: "text",
    value: "DIR",
    says: "the data folder of the server (as DATA_DIR; default ~/.daylong, then ~/.daylong-demo)",
  },
  json: { type: "boolean", says: "print JSON" },
} as const;
