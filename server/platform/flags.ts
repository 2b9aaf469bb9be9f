import { parseArgs } from "node:util";
import { nearName } from "./nearName.ts";

/** sysexits.h: EX_USAGE. */
export const exitUsage = 64;

/** An option of a command line. */
export interface Flag {
  type: "boolean" | "text" | "number";
  /** What stands for its value in the help; the option's own name by default. */
  value?: string;
  /** Its line in the help. */
  says?: string;
  /** The only values that it takes. */
  choices?: readonly string[];
  /** Bounds of a number. */
  min?: number;
  max?: number;
  whole?: boolean;
}
export type Flags = Readonly<Record<string, Flag>>;

/** An argument that is no option. */
export interface Argument {
  name: string;
  optional?: boolean;
  choices?: readonly string[];
  /** It is a number within these bounds. */
  number?: Pick<Flag, "min" | "max" | "whole">;
  /** The last one: as many of it as there are. */
  many?: boolean;
}

export interface CommandLine<F extends Flags> {
  flags: F;
  arguments?: readonly Argument[];
}

type ValueOf<F extends Flag> = F extends { type: "boolean" }
  ? boolean
  : F extends { type: "number" }
    ? number
    : F extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The values of the options that were given. */
export type FlagValues<F extends Flags> = { [Name in keyof F]?: ValueOf<F[Name]> };

/** Error of a command line, in one sentence. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads a command line; throws a UsageError that names what is wrong in it. */
export function parseFlags<const F extends Flags>(
  { flags, arguments: wanted = [] }: CommandLine<F>,
  args: readonly string[],
): { values: FlagValues<F>; given: string[] } {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(flags).map(([name, { type }]) => [
        name,
        { type: type === "boolean" ? ("boolean" as const) : ("string" as const) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  const given: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") given.push(token.value);
    if (token.kind === "option") values[token.name] = optionValue(token, flags);
  }
  for (const [index, text] of given.entries()) {
    const last = wanted.at(-1);
    checkArgument(wanted[index] ?? (last?.many ? last : undefined), text);
  }
  const missing = wanted[given.length];
  if (missing !== undefined && missing.optional !== true) throw new UsageError(`${missing.name} is missing.`);
  return { values: values as FlagValues<F>, given };
}

/** Reads the command line of a program. Names a fault in a sentence, and ends the program with 64. */
export function readFlags<const F extends Flags>(program: string, line: CommandLine<F>) {
  try {
    return parseFlags(line, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(usageFault(program, error));
    process.exit(exitUsage);
  }
}

/** The sentence about a wrong command line, and where to read more. */
export const usageFault = (program: string, error: UsageError): string =>
  `${error.message} ${program} --help says what it takes.`;

interface OptionToken {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

function optionValue({ name, rawName, value, inlineValue }: OptionToken, flags: Flags): unknown {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) {
    const near = nearFlag(name, Object.keys(flags));
    throw new UsageError(`${rawName} is no option here${near ? `; --${near} is` : ""}.`);
  }
  if (flag.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
    return true;
  }
  // A value that looks like an option is one whose own value was forgotten, unless it is joined to it; a number may be negative.
  const isForgotten = value !== undefined && inlineValue !== true && /^-[^\d.]/.test(value);
  if (value === undefined || value === "" || isForgotten) throw new UsageError(`${rawName} needs a value.`);
  return flag.type === "number" ? numberOf(rawName, value, flag) : choiceOf(rawName, value, flag.choices);
}

function numberOf(
  name: string,
  text: string,
  { min, max, whole }: Pick<Flag, "min" | "max" | "whole">,
): number {
  const value = /^\s*$/.test(text) ? Number.NaN : Number(text);
  const isIn = value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.MAX_VALUE);
  if (isIn && (whole !== true || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  const bounds =
    min !== undefined && max !== undefined
      ? ` from ${min} to ${max}`
      : min === undefined
        ? ""
        : `, at least ${min}`;
  throw new UsageError(`${name} takes ${kind}${bounds}; not ${JSON.stringify(text)}.`);
}

function choiceOf(name: string, value: string, choices: readonly string[] | undefined): string {
  if (choices === undefined || choices.includes(value)) return value;
  throw new UsageError(`${name} takes ${inWords(choices)}; not ${JSON.stringify(value)}.`);
}

function checkArgument(argument: Argument | undefined, text: string): void {
  if (argument === undefined) throw new UsageError(`${JSON.stringify(text)} is not expected here.`);
  if (argument.number !== undefined) numberOf(argument.name, text, argument.number);
  else choiceOf(argument.name, text, argument.choices);
}

const inWords = (words: readonly string[]): string =>
  words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;

/** The option that was meant by another: one letter more, less or other, or one that begins with it. */
function nearFlag(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_]/g, "");
  const same = known.find((one) => plain(one) === plain(name));
  const longer = known.find((one) => name.length > 1 && one.startsWith(name));
  return (
    same ??
    longer ??
    nearName(
      name.toUpperCase(),
      known.map((one) => one.toUpperCase()),
    )?.toLowerCase()
  );
}
