import { defineCommand } from "../framework/command.ts";
import { completionShells, completionText } from "../framework/completion.ts";

export const completion = defineCommand({
  name: "completion",
  summary: "Prints completions for bash or zsh.",
  details:
    "For this and later shells: a line `source <(daylong completion bash)` in ~/.bashrc, or the same with zsh in ~/.zshrc.",
  flags: {},
  arguments: [{ name: "SHELL", choices: completionShells }],
  async run({ given }) {
    // The list of commands holds this one.
    const { subcommands } = await import("../subcommands.ts");
    process.stdout.write(completionText(given[0] === "zsh" ? "zsh" : "bash", subcommands));
  },
});
