import type { Command } from "./command.ts";

/** The shells that there are completions for. */
export const completionShells = ["bash", "zsh"] as const;

/** A word in the single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What can follow a subcommand, and the option whose value is asked for. */
interface Words {
  name: string;
  summary: string;
  /** Options, and the words that the first argument can be. */
  options: Array<{ flag: string; says: string }>;
  choices: readonly string[];
  values: Array<{ flag: string; choices: readonly string[] | "folders" | "nothing" }>;
}

function wordsOf({ name, summary, flags, arguments: given = [] }: Command): Words {
  const all = Object.entries(flags);
  return {
    name,
    summary,
    options: [
      ...all.map(([flag, { says = "" }]) => ({ flag: `--${flag}`, says })),
      { flag: "--help", says: "what it takes" },
    ],
    choices: given[0]?.choices ?? [],
    values: all
      .filter(([, { type }]) => type !== "boolean")
      .map(([flag, { choices, value }]) => ({
        flag: `--${flag}`,
        choices: choices ?? (value === "DIR" || value === "PATH" ? "folders" : "nothing"),
      })),
  };
}

/** The script that completes the program's command lines in a shell. It is made from the commands, so that it knows them all. */
export function completionText(
  shell: (typeof completionShells)[number],
  commands: readonly Command[],
): string {
  const all = commands.map(wordsOf);
  return shell === "bash" ? bashText(all) : zshText(all);
}

/** Without `mapfile`, which the bash of a Mac (3.2) does not have. */
function bashText(all: readonly Words[]): string {
  const names = all.map(({ name }) => name).join(" ");
  const cases = all.map(({ name, options, choices, values }) => {
    const words = [...choices, ...options.map(({ flag }) => flag)].join(" ");
    const ofValues = values.map(({ flag, choices: ofFlag }) =>
      ofFlag === "folders"
        ? `        ${flag}) IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$word")); return ;;`
        : `        ${flag}) COMPREPLY=($(compgen -W ${quoted(ofFlag === "nothing" ? "" : ofFlag.join(" "))} -- "$word")); return ;;`,
    );
    const decide = ofValues.length === 0 ? [] : ['      case "$before" in', ...ofValues, "      esac"];
    return [`    ${name})`, ...decide, `      words=${quoted(words)}`, "      ;;"].join("\n");
  });
  return `# Completions of daylong for bash: source <(daylong completion bash)
_daylong() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words= IFS=$' \\t\\n'
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(`${names} help --help --version`)} -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
    help) words=${quoted(names)} ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _daylong daylong
`;
}

function zshText(all: readonly Words[]): string {
  // In a description of _arguments and _describe these letters end something.
  const plain = (text: string) => text.replace(/[[\]:\\]/g, (letter) => `\\${letter}`);
  const cases = all.map(({ name, options, choices, values }) => {
    const specs = options.map(({ flag, says }) => {
      const of = values.find((one) => one.flag === flag)?.choices;
      const value =
        of === undefined
          ? ""
          : of === "folders"
            ? ":folder:_files -/"
            : `:value:${of === "nothing" ? "" : `(${of.join(" ")})`}`;
      return quoted(`${flag}[${plain(says)}]${value}`);
    });
    const first = choices.length > 0 ? quoted(`1:action:(${choices.join(" ")})`) : quoted("*:file:_files");
    return `    ${name}) _arguments ${[...specs, first].join(" ")} ;;`;
  });
  const names = all.map(({ name, summary }) => `    ${quoted(`${name}:${plain(summary)}`)}`);
  return `#compdef daylong
# Completions of daylong for zsh: source <(daylong completion zsh), or a file _daylong in a folder of $fpath.
_daylong() {
  local -a commands
  commands=(
${names.join("\n")}
    'help:what a command takes'
  )
  if (( CURRENT == 2 )) || [[ $words[2] == help && CURRENT -eq 3 ]]; then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = _daylong ]; then _daylong "$@"
elif (( $+functions[compdef] )); then compdef _daylong daylong
else print -u2 'daylong: zsh completes nothing yet; in ~/.zshrc put "autoload -Uz compinit && compinit" before this.'
fi
`;
}
