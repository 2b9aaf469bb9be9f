import type { Flag } from "../../platform/flags.ts";
import type { Command } from "./command.ts";

const width = 100;

const flagForm = (name: string, flag: Flag): string => {
  if (flag.type === "boolean") return `--${name}`;
  return `--${name} ${flag.choices?.join("|") ?? flag.value ?? name.toUpperCase()}`;
};

/** How a subcommand is called, in one line. */
export function usageOf(program: string, command: Command): string {
  const given = (command.arguments ?? []).map((argument) => {
    const name = argument.choices?.join("|") ?? argument.name;
    return argument.optional ? `[${name}]` : name;
  });
  const flags = Object.entries(command.flags).map(([name, flag]) => `[${flagForm(name, flag)}]`);
  return [program, command.name, ...given, ...flags].join(" ");
}

/** The help of a subcommand. */
export function helpOf(program: string, command: Command): string {
  const flags = Object.entries(command.flags).map(
    ([name, flag]) => [flagForm(name, flag), flag.says ?? ""] as const,
  );
  const widest = Math.max(0, ...flags.map(([form]) => form.length));
  const lines = [usageOf(program, command), "", ...wrap(`${command.summary}`, 0)];
  if (command.details !== undefined)
    lines.push("", ...command.details.split("\n").flatMap((line) => wrap(line, 0)));
  if (flags.length > 0) lines.push("");
  for (const [form, says] of flags) {
    const [first = "", ...rest] = wrap(says, widest + 4);
    lines.push(`  ${form.padEnd(widest)}  ${first}`, ...rest.map((line) => " ".repeat(widest + 4) + line));
  }
  return lines.join("\n");
}

/** The help of the program: its subcommands. */
export function overview(program: string, commands: readonly Command[]): string {
  const widest = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${program} COMMAND [OPTION ...]`,
    "",
    "Keeps Claude sessions alive for a day on this computer, and brings them to your phone.",
    "",
    ...commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`),
    "",
    `${program} COMMAND --help says what a command takes; ${program} --version says which version this is.`,
    "Ends with 0 when all went well, 1 when not, 64 for a wrong command line, 78 for a wrong configuration.",
  ].join("\n");
}

function wrap(text: string, indent: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + word.length + 1 > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
