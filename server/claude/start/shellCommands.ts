/** A word of a shell command. */
export interface ShellWord {
  /** Without its quotes; what the shell works out is left out of it. */
  text: string;
  /** The text is the whole word: no variable, substitution, pattern or tilde is in it. */
  isLiteral: boolean;
}

/** A command without the operators around it: what it sets, its program with the arguments, and where it redirects to. */
export interface SimpleCommand {
  assignments: Array<{ name: string; value: ShellWord }>;
  words: ShellWord[];
  targets: ShellWord[];
}

export interface ShellCommands {
  /** In the order of the text, those of substitutions before the command around them. */
  commands: SimpleCommand[];
  /** False when the text has parts that are not followed here: functions, backquotes, arrays, quotes without an end. */
  isPlain: boolean;
  /** It repeats commands, or chooses among them. */
  hasBlocks: boolean;
}

const assignment = /^([A-Za-z_][A-Za-z0-9_]*)\+?=/;
/** Reserved words before a command. */
const leading: ReadonlySet<string> = new Set(["if", "then", "elif", "else", "do", "!", "{"]);
/** Reserved words whose own words are no command. */
const ofBlocks: ReadonlySet<string> = new Set([
  "for",
  "select",
  "case",
  "function",
  "[[",
  "repeat",
  "foreach",
]);
const ofOwnKind: ReadonlySet<string> = new Set(["function", "repeat", "foreach", "select"]);
/** Reserved words of loops before a command. */
const ofLoops: ReadonlySet<string> = new Set(["while", "until"]);
/** Characters of a bare word from which a shell makes other words. In zsh, `=git` is where the program lies. */
const patterns = new Set(["*", "?", "[", "]", "{", "}"]);

/** Arithmetic; with parentheses in it, it could be a subshell in a substitution. */
const arithmetic = /^\$\(\([\w\s+*/%<>=!&|?:,~^$-]*\)\)/;

/** Deepest substitutions within substitutions. */
const mostDepth = 20;

/**
 * Splits a command as bash and zsh do, as far as that can be told without running it: quotes, escapes, comments, redirections,
 * here-documents and substitutions. Pure.
 */
export function shellCommandsIn(text: string): ShellCommands {
  const found: ShellCommands = { commands: [], isPlain: true, hasBlocks: false };
  new Splitter(text, found).run();
  return found;
}

class Splitter {
  readonly #text: string;
  readonly #found: ShellCommands;
  #at = 0;
  #depth = 0;
  /** Delimiters of here-documents whose bodies begin at the next line. */
  #documents: Array<{ delimiter: string; isIndented: boolean; isQuoted: boolean }> = [];

  constructor(text: string, found: ShellCommands, depth = 0) {
    this.#text = text;
    this.#found = found;
    this.#depth = depth;
  }

  run(): void {
    this.#list(false);
    if (this.#documents.length > 0) this.#found.isPlain = false;
  }

  /** Commands up to the end, or up to the parenthesis that ends a substitution. */
  #list(isInner: boolean): void {
    this.#depth += 1;
    let command = newCommand();
    let parentheses = 0;
    let isTarget = false;
    let isDelimiter: { isIndented: boolean } | undefined;
    const end = () => {
      this.#keep(command);
      command = newCommand();
      isTarget = false;
    };
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      const two = this.#text.slice(this.#at, this.#at + 2);
      if (char === " " || char === "\t") this.#at += 1;
      else if (two === "\\\n") this.#at += 2;
      else if (char === "#") this.#skipTo("\n");
      else if (char === "\n") {
        end();
        this.#at += 1;
        this.#skipDocuments();
      } else if (two === "&>") {
        this.#at += this.#text[this.#at + 2] === ">" ? 3 : 2;
        isTarget = true;
      } else if (two === "<(" || two === ">(") {
        this.#substitution(2);
        command.words.push({ text: "", isLiteral: false });
      } else if (char === "<" || char === ">") {
        const operator = /^(?:<<<|<<-|<<|<>|<&|<|>>|>\||>&|>)/.exec(
          this.#text.slice(this.#at, this.#at + 3),
        )![0];
        this.#at += operator.length;
        if (operator === "<<" || operator === "<<-") isDelimiter = { isIndented: operator === "<<-" };
        isTarget = true;
      } else if (";&|".includes(char)) {
        end();
        this.#at += 1;
      } else if (char === "(") {
        // Before a command it begins a subshell; behind a word, a function or a pattern. Two may be arithmetic, where other
        // rules hold.
        if (command.words.length > 0 || command.assignments.length > 0 || two === "((")
          this.#found.isPlain = false;
        end();
        parentheses += 1;
        this.#at += 1;
      } else if (char === ")") {
        end();
        this.#at += 1;
        if (parentheses > 0) parentheses -= 1;
        else if (isInner) {
          this.#depth -= 1;
          return;
        }
      } else {
        const begin = this.#at;
        const { word, isQuoted } = this.#word();
        if (this.#at === begin) this.#at += 1;
        const isDescriptor = /^(?:\d+|\{\w+\})$/.test(word.text) && /[<>]/.test(this.#text[this.#at] ?? "");
        if (isDelimiter !== undefined) {
          this.#documents.push({ delimiter: word.text, isQuoted, isIndented: isDelimiter.isIndented });
          if (!word.isLiteral) this.#found.isPlain = false;
          isDelimiter = undefined;
          isTarget = false;
        } else if (isTarget) {
          command.targets.push(word);
          isTarget = false;
        } else if (!isDescriptor) this.#add(command, word);
      }
    }
    end();
    // A substitution that does not end.
    if (isInner) this.#found.isPlain = false;
    this.#depth -= 1;
  }

  #add(command: SimpleCommand, word: ShellWord): void {
    const name = command.words.length === 0 ? assignment.exec(word.text)?.[1] : undefined;
    if (name === undefined) command.words.push(word);
    else {
      const text = word.text.slice(word.text.indexOf("=") + 1);
      command.assignments.push({ name, value: { text, isLiteral: word.isLiteral } });
    }
  }

  #keep(command: SimpleCommand): void {
    const { words } = command;
    for (;;) {
      const first = words[0]?.text ?? "";
      if (words[0]?.isLiteral !== true && first !== "{") break;
      if (ofBlocks.has(first) || ofLoops.has(first)) this.#found.hasBlocks = true;
      // Their commands follow without an operator; and the end of a pattern looks like the end of a substitution.
      if (ofOwnKind.has(first) || (first === "case" && this.#depth > 1)) this.#found.isPlain = false;
      if (ofBlocks.has(first)) {
        words.length = 0;
        break;
      }
      if (!leading.has(first) && !ofLoops.has(first)) break;
      words.shift();
      const [next] = words;
      const name = next && assignment.exec(next.text)?.[1];
      if (next === undefined || name === undefined) continue;
      command.assignments.push({ name, value: next });
      words.shift();
    }
    if (words[0]?.text === "}" && words.length === 1) return;
    if (words.length + command.assignments.length + command.targets.length > 0)
      this.#found.commands.push(command);
  }

  /** Up to a blank or an operator. */
  #word(): { word: ShellWord; isQuoted: boolean } {
    const word: ShellWord = { text: "", isLiteral: true };
    let isQuoted = false;
    const begin = this.#at;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      const isFirst = this.#at === begin;
      if (" \t\n;&|<>()".includes(char)) break;
      if (char === "\\") {
        const next = this.#text[this.#at + 1] ?? "";
        this.#at += 2;
        isQuoted = true;
        if (next !== "\n") word.text += next;
      } else if (char === "'") {
        isQuoted = true;
        this.#at += 1;
        word.text += this.#skipTo("'");
        this.#at += 1;
      } else if (char === '"') {
        isQuoted = true;
        this.#doubleQuoted(word);
      } else if (char === "$") this.#dollar(word, false);
      else if (char === "`") this.#backquoted(word);
      else {
        const isTilde = char === "~" && (isFirst || word.text.endsWith("=") || word.text.endsWith(":"));
        if (patterns.has(char) || isTilde || (char === "=" && isFirst)) word.isLiteral = false;
        word.text += char;
        this.#at += 1;
      }
    }
    return { word, isQuoted };
  }

  #doubleQuoted(word: ShellWord): void {
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const char = this.#text[this.#at]!;
      if (char === '"') {
        this.#at += 1;
        return;
      }
      if (char === "\\") {
        const next = this.#text[this.#at + 1] ?? "";
        this.#at += 2;
        if (next !== "\n") word.text += '$`"\\'.includes(next) ? next : `\\${next}`;
      } else if (char === "$") this.#dollar(word, true);
      else if (char === "`") this.#backquoted(word);
      else {
        word.text += char;
        this.#at += 1;
      }
    }
    this.#found.isPlain = false;
  }

  /** What begins with a dollar. In double quotes, quotes behind it mean themselves. */
  #dollar(word: ShellWord, isInQuotes: boolean): void {
    const rest = this.#text.slice(this.#at, this.#at + 200);
    const name = /^\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/.exec(rest)?.[0];
    const sum = arithmetic.exec(rest)?.[0];
    if (sum !== undefined) {
      word.isLiteral = false;
      this.#at += sum.length;
    } else if (rest.startsWith("$(")) {
      word.isLiteral = false;
      this.#substitution(2);
    } else if (rest.startsWith("${") || rest.startsWith("$[")) {
      word.isLiteral = false;
      this.#opaque(rest[1]!, rest[1] === "{" ? "}" : "]");
    } else if (rest.startsWith("$'") && !isInQuotes) {
      word.isLiteral = false;
      this.#at += 2;
      while (this.#at < this.#text.length && this.#text[this.#at] !== "'")
        this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
      this.#at += 1;
    } else if (name !== undefined) {
      word.isLiteral = false;
      this.#at += name.length;
    } else {
      // `$"` is a text that may be translated.
      if (rest.startsWith('$"') && !isInQuotes) word.isLiteral = false;
      else word.text += "$";
      this.#at += 1;
    }
  }

  #substitution(lead: number): void {
    this.#at += lead;
    if (this.#depth >= mostDepth) {
      this.#found.isPlain = false;
      this.#at = this.#text.length;
      return;
    }
    this.#list(true);
  }

  /** The commands in backquotes, as far as they can be told: backslashes in them are taken off once more. */
  #backquoted(word: ShellWord): void {
    word.isLiteral = false;
    this.#found.isPlain = false;
    const begin = ++this.#at;
    while (this.#at < this.#text.length && this.#text[this.#at] !== "`")
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    this.#nested(this.#text.slice(begin, this.#at).replace(/\\([$`\\])/g, "$1"));
    this.#at += 1;
  }

  /** Commands that stand in a text of their own. */
  #nested(text: string): void {
    this.#found.isPlain = false;
    if (this.#depth < mostDepth) new Splitter(text, this.#found, this.#depth).run();
  }

  /** What a shell works out of variables: no command, unless one is substituted in it. */
  #opaque(open: string, close: string): void {
    const begin = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const char = this.#text[this.#at];
      if (char === "\\") this.#at += 1;
      else if (char === open) depth += 1;
      else if (char === close && --depth === 0) break;
    }
    this.#at += 1;
    const inside = this.#text.slice(begin + 2, this.#at);
    if (/\$\(|`|[<>]\(|["']/.test(inside) || depth > 0) this.#nested(inside);
  }

  /** The bodies of here-documents are no commands; unless the delimiter is quoted, they may substitute some. */
  #skipDocuments(): void {
    for (const { delimiter, isIndented, isQuoted } of this.#documents) {
      for (;;) {
        if (this.#at >= this.#text.length) {
          this.#found.isPlain = false;
          break;
        }
        const line = this.#skipTo("\n");
        this.#at += 1;
        if ((isIndented ? line.replace(/^\t+/, "") : line) === delimiter) break;
        if (!isQuoted && /\$\(|`/.test(line)) this.#nested(line);
      }
    }
    this.#documents = [];
  }

  #skipTo(char: string): string {
    const found = this.#text.indexOf(char, this.#at);
    const end = found < 0 ? this.#text.length : found;
    if (found < 0 && char === "'") this.#found.isPlain = false;
    const skipped = this.#text.slice(this.#at, end);
    this.#at = end;
    return skipped;
  }
}

const newCommand = (): SimpleCommand => ({ assignments: [], words: [], targets: [] });
