import { posix, resolve } from "node:path";
import { type ShellWord, type SimpleCommand, shellCommandsIn } from "./shellCommands.ts";

/** Tools with which Claude can have git run; the others do not start it. */
export const gitTools = "Bash|Monitor|EnterWorktree|ExitWorktree|Agent|Task|Workflow|Skill";

export interface GitUse {
  toolName: string;
  input: unknown;
  /** Where the tool works. */
  cwd: string;
}

export interface GitDirectories {
  directories: string[];
  /** There can be no others, and git runs as it does in any command. */
  isCertain: boolean;
}

/** The CLI's own subagents: they work where Claude does. */
const ownAgents: ReadonlySet<string> = new Set(["general-purpose", "Explore", "Plan", "claude-code-guide"]);

/** Directories in which a tool may use git; `undefined`: it uses none. What cannot be told is not certain. */
export function gitDirectoriesOf({ toolName, input, cwd }: GitUse): GitDirectories | undefined {
  const fields = typeof input === "object" && input !== null ? (input as Record<string, unknown>) : {};
  switch (toolName) {
    case "EnterWorktree":
    case "ExitWorktree": {
      const named = typeof fields.path === "string" ? [resolve(cwd, fields.path)] : [];
      return { directories: [...new Set([cwd, ...named])], isCertain: true };
    }
    // Shell lines in a skill's file run when it is loaded.
    case "Skill":
    case "Workflow":
      return { directories: [cwd], isCertain: true };
    case "Agent":
    case "Task": {
      // An agent of the owner's may have a worktree of its own by its definition.
      const { isolation, subagent_type: type } = fields;
      const isPlain = isolation === undefined && (type === undefined || ownAgents.has(String(type)));
      return isPlain ? undefined : { directories: [cwd], isCertain: true };
    }
    default:
      return typeof fields.command === "string" ? directoriesOfCommand(fields.command, cwd) : undefined;
  }
}

/** Programs that are git, or that run it where they are called. */
const gitPrograms: ReadonlySet<string> = new Set(["git", "hub", "gh"]);
/** Programs that run git in places that are not looked for here. */
const gitFriends: ReadonlySet<string> = new Set(["tig", "gitk", "gitui", "lazygit", "glab", "jj"]);
/** One of them in a text, as a program would be named. */
const mention = /(?<![\w.@+-])(?:git|hub|gh|tig|gitk|gitui|lazygit|glab|jj)(?:-[\w-]+)?(?![\w.@+/-])/i;

/** Programs and shell builtins that start no other program, whatever they are given. */
const inert: ReadonlySet<string> = new Set([
  ...[
    "echo",
    "printf",
    "cat",
    "ls",
    "head",
    "tail",
    "wc",
    "grep",
    "egrep",
    "fgrep",
    "test",
    "[",
    "true",
    "false",
  ],
  ...[":", "pwd", "mkdir", "rmdir", "touch", "rm", "mv", "cp", "ln", "stat", "file", "basename", "dirname"],
  ...[
    "realpath",
    "readlink",
    "cut",
    "tr",
    "uniq",
    "diff",
    "cmp",
    "which",
    "date",
    "sleep",
    "chmod",
    "tee",
    "jq",
  ],
  ...["seq", "exit", "return", "wait", "fi", "done", "esac", "break", "continue"],
]);
/** Of these the ones that can write a repository's configuration. */
const writing: ReadonlySet<string> = new Set(["mv", "cp", "ln", "tee"]);
/** A place of a repository's own files. */
const inRepository = /(?:^|\/)(?:\.git|config|config\.worktree|commondir|gitdir)(?:\/|$)/i;
/** Programs and builtins that run what they are given, or that change what commands behind them mean. */
const running: ReadonlySet<string> = new Set([
  ...["sh", "bash", "zsh", "dash", "ksh", "fish", "eval", "source", ".", "exec", "command", "builtin", "env"],
  ...[
    "xargs",
    "parallel",
    "sudo",
    "doas",
    "su",
    "nohup",
    "nice",
    "ionice",
    "time",
    "timeout",
    "setsid",
    "stdbuf",
  ],
  ...[
    "watch",
    "script",
    "ssh",
    "chroot",
    "unshare",
    "nsenter",
    "flock",
    "export",
    "declare",
    "typeset",
    "readonly",
  ],
  ...[
    "local",
    "unset",
    "shopt",
    "setopt",
    "unsetopt",
    "emulate",
    "alias",
    "unalias",
    "enable",
    "hash",
    "trap",
  ],
  ...["popd", "read", "mapfile", "readarray", "coproc", "chdir", "popd"],
]);
/** Variables that change nothing of what git runs, or where. Names in lower case are the shell's own. */
const harmlessVariable =
  /^(?:[a-z_][a-z0-9_]*|LC_[A-Z]+|LANG|LANGUAGE|TZ|NO_COLOR|GIT_TERMINAL_PROMPT|GIT_OPTIONAL_LOCKS)$/;
const proxyVariable = /_proxy$/;

/** Options of git before its command that change neither what runs nor where. */
const harmlessOptions: ReadonlySet<string> = new Set([
  ...[
    "--no-pager",
    "-P",
    "-p",
    "--paginate",
    "--no-optional-locks",
    "--literal-pathspecs",
    "--glob-pathspecs",
  ],
  ...["--noglob-pathspecs", "--icase-pathspecs", "--no-replace-objects", "--no-lazy-fetch", "--no-advice"],
  ...["--version", "-v", "--help", "-h", "--exec-path", "--html-path", "--man-path", "--info-path"],
]);
const harmlessSetting = /^(?:color\.[\w.]+|core\.quotepath|user\.(?:name|email)|advice\.\w+)(?:=|$)/i;

/** Most commands, and most places where they may run, that are followed. */
const mostUnits = 32_768;
const mostPlaces = 32;

/** `undefined`: the command can use no git. */
function directoriesOfCommand(command: string, cwd: string): GitDirectories | undefined {
  const bare = command.replace(/\\\n/g, "").replace(/["'\\]/g, "");
  const unknown = { directories: [cwd], isCertain: false };
  // What is too long to be followed may name git in pieces.
  if (command.length > mostUnits) return unknown;
  const { commands, isPlain, hasBlocks } = shellCommandsIn(command);
  const isMentioned = mention.test(bare);
  if (!isPlain && isMentioned) return unknown;
  const walk = new Walk(cwd, isMentioned, hasBlocks);
  for (const one of commands) walk.take(one);
  return walk.found;
}

/** A walk through simple commands in their order: where each of them may run, and whether it is git. */
class Walk {
  readonly #cwd: string;
  readonly #isMentioned: boolean;
  readonly #hasBlocks: boolean;
  /** Where a command may run by now: a `cd` may fail, or hold in a subshell only. */
  #places: Set<string>;
  readonly #directories: Set<string>;
  #gitCalls = 0;
  #hasGit = false;
  #isConfigured = false;
  /** What makes it uncertain where a git that runs would work, or what it would run. */
  #isUncertain = false;
  /** The name of a program cannot be told. */
  #isUnnamed = false;

  constructor(cwd: string, isMentioned: boolean, hasBlocks: boolean) {
    this.#cwd = cwd;
    this.#isMentioned = isMentioned;
    this.#hasBlocks = hasBlocks;
    this.#places = new Set([cwd]);
    this.#directories = new Set([cwd]);
  }

  get found(): GitDirectories | undefined {
    if (!this.#hasGit && !this.#isUnnamed) return undefined;
    const isCertain = !this.#isUncertain && !this.#isUnnamed && !(this.#isConfigured && this.#gitCalls > 1);
    return { directories: [...this.#directories], isCertain };
  }

  take({ assignments, words, targets }: SimpleCommand): void {
    for (const { name } of assignments)
      if (!harmlessVariable.test(name) || proxyVariable.test(name)) this.#isUncertain = true;
    if (targets.some(({ text }) => inRepository.test(text))) this.#isUncertain = true;
    const [program, ...rest] = words;
    if (program === undefined) return;
    if (!program.isLiteral) {
      this.#isUnnamed = true;
      return;
    }
    const name = posix.basename(program.text).toLowerCase();
    if (gitPrograms.has(name)) this.#git(name, rest);
    else if (gitFriends.has(name)) this.#doubt();
    else if (name.startsWith("git-")) this.#work([...this.#places]);
    else if (name === "cd" || name === "pushd") this.#changeDirectory(rest);
    else if (name === "set") this.#set(rest);
    else if (inert.has(name)) {
      if (writing.has(name) && rest.some(({ text }) => inRepository.test(text))) this.#isUncertain = true;
    } else if (running.has(name)) this.#run(name, rest);
    else if (rest.some(({ text }) => mention.test(text))) this.#doubt();
  }

  /** A use of git of which is not known where, or how, it runs. */
  #doubt(): void {
    this.#hasGit = true;
    this.#isUncertain = true;
  }

  #work(places: readonly string[]): void {
    this.#gitCalls += 1;
    this.#hasGit = true;
    for (const place of places) this.#directories.add(place);
    if (this.#directories.size > mostPlaces) this.#isUncertain = true;
  }

  /** What runs its arguments runs git when the command names it anywhere, and something unknown when they cannot be told. */
  #run(name: string, rest: readonly ShellWord[]): void {
    this.#isUncertain = true;
    if (this.#isMentioned) this.#hasGit = true;
    const isShell = name === "eval" || rest.some(({ text }) => /^-[a-z]*c$/.test(text));
    if (isShell && rest.some(({ isLiteral }) => !isLiteral)) this.#isUnnamed = true;
    if (["exec", "command", "builtin", "env", "sudo", "xargs", "nohup", "time", "timeout"].includes(name))
      if (rest.some(({ isLiteral, text }) => !isLiteral && !text.includes("="))) this.#isUnnamed = true;
  }

  #set(rest: readonly ShellWord[]): void {
    const isPlain = rest.every(({ text, isLiteral }) => isLiteral && /^(?:[-+][euxo]+|pipefail)$/.test(text));
    if (!isPlain) this.#isUncertain = true;
  }

  #changeDirectory(rest: readonly ShellWord[]): void {
    const options = rest.findIndex(({ text }) => !/^-[LPe@]+$/.test(text));
    const named = options < 0 ? [] : rest.slice(rest[options]?.text === "--" ? options + 1 : options);
    const [path] = named;
    // The home, the last directory, zsh's replacement of words, a place on a stack.
    const isNamed = named.length === 1 && path?.isLiteral === true && !/^[-+]\d*$|^$/.test(path.text);
    if (!isNamed || this.#hasBlocks || inRepository.test(path.text)) this.#isUncertain = true;
    if (isNamed) this.#places = new Set([...this.#places, ...this.#from(this.#places, path.text)]);
    if (this.#places.size > mostPlaces) {
      this.#isUncertain = true;
      this.#places = new Set([this.#cwd]);
    }
  }

  /** The places that a path names, from wherever the command may run. */
  #from(places: ReadonlySet<string>, path: string): string[] {
    // Behind a link, `..` is not where the words say.
    const goesBack = /(?:^|\/)\.\.(?:\/|$)/.test(path.replace(/^(?:\.\.?\/+)*\.\.(?=\/|$)/, ""));
    if (goesBack || (path.startsWith("..") && !this.#isAtStart(places))) this.#isUncertain = true;
    return [...places].map((place) => resolve(place, path));
  }

  /** No step was taken from where Claude works: its parent is the one that the words say. */
  #isAtStart = (places: ReadonlySet<string>): boolean => places.size === 1 && places.has(this.#cwd);

  #git(name: string, rest: readonly ShellWord[]): void {
    if (name === "gh") {
      this.#work([...this.#places]);
      return;
    }
    let places: ReadonlySet<string> = this.#places;
    const others: string[] = [];
    const from = (path: ShellWord | undefined): string[] => {
      if (path?.isLiteral === true) return this.#from(places, path.text);
      this.#isUncertain = true;
      return [...places];
    };
    let at = 0;
    for (; at < rest.length; at += 1) {
      const { text, isLiteral } = rest[at]!;
      const [option = "", value] = text.split(/=(.*)/s);
      if (!isLiteral) this.#isUncertain = true;
      else if (text === "-C") places = new Set(from(rest[++at]));
      else if (option === "--git-dir" || option === "--work-tree")
        others.push(...from(value === undefined ? rest[++at] : { text: value, isLiteral: true }));
      else if (text === "-c") {
        const setting = rest[++at];
        if (setting?.isLiteral !== true || !harmlessSetting.test(setting.text)) this.#isUncertain = true;
      } else if (text.startsWith("-")) {
        if (!harmlessOptions.has(text)) this.#isUncertain = true;
      } else break;
      if (!isLiteral) break;
    }
    const [command, ...args] = rest.slice(at);
    if (command?.text === "config") this.#isConfigured = true;
    // The address of a remote that is a command.
    if (args.some(({ text }) => /^ext::/i.test(text))) this.#isUncertain = true;
    this.#work([...places, ...others]);
  }
}
