import { spawnSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { completionText } from "../../../server/commands/framework/completion.ts";
import { subcommands } from "../../../server/commands/subcommands.ts";

/** What bash offers after these words, the last of which is being typed. */
function offered(...words: string[]): string[] {
  const all = ["daylong", ...words];
  const script = [
    completionText("bash", subcommands),
    `COMP_WORDS=(${all.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${all.length - 1}; _daylong`,
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ].join("\n");
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-c", script], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter(Boolean).sort();
}

test("O16: bash completes every command, its options, and the values of options that have a choice", () => {
  const names = subcommands.map(({ name }) => name);
  expect(offered("")).toEqual([...names, "--help", "--version", "help"].sort());
  expect(offered("de")).toEqual(["deliveries", "devices"].filter((name) => name.startsWith("de")));
  for (const { name, flags } of subcommands)
    expect([name, offered(name, "--")]).toEqual([
      name,
      [...Object.keys(flags).map((flag) => `--${flag}`), "--help"].sort(),
    ]);
  expect(offered("pair", "--scope", "")).toEqual(["admin", "chat", "read"]);
  expect(offered("service", "un")).toEqual(["uninstall"]);
  expect(offered("token", "--name", "")).toEqual([]);
  expect(offered("sessions", "--data-dir", "/us")).toEqual(["/usr"]);
  expect(offered("attach", "--new", "/us")).toEqual(["/usr"]);
});

test("O16: zsh gets every command and option with its description, in quotes that hold", () => {
  const text = completionText("zsh", subcommands);
  expect(text).toMatch(/^#compdef daylong\n/);
  for (const { name, flags } of subcommands) {
    expect(text).toContain(`'${name}:`);
    for (const flag of Object.keys(flags)) expect(text).toContain(`'--${flag}[`);
  }
  expect(text).toContain("'--scope[");
  expect(text).toContain(":value:(read chat admin)'");
  expect(text).toMatch(/'--new\[[^']*\]:folder:_files -\/'/);
  // It may be read before the shell has its completions.
  expect(text).toContain("(( $+functions[compdef] ))");
  // Its words and quotes are those of a POSIX shell, but for the lines that only zsh reads.
  const posix = text.split("\n").filter((line) => /^ {4}('|\w[\w-]*\) _arguments)/.test(line));
  const script = posix
    .map((line) => line.replace(/^ +(\w[\w-]*\) _arguments)?/, ": ").replace(/ ;;$/, ""))
    .join("\n");
  expect(spawnSync("bash", ["-n", "-c", script], { encoding: "utf8" }).stderr).toBe("");
});
