import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** Where git is looked for when the environment has no PATH. */
const defaultPath = ["/usr/local/bin", "/usr/bin", "/bin"];
/** How much of standard error is kept for the log. */
const maxErrorChars = 500;

/** What no command of ours may do, whatever a configuration says. */
const hardening = [
  ["core.fsmonitor", "false"],
  ["core.hooksPath", "/dev/null"],
  ["core.pager", "cat"],
  ["protocol.allow", "never"],
].flatMap(([name, value]) => ["-c", `${name}=${value}`]);

export interface GitCommand {
  args: readonly string[];
  cwd: string;
  /** Added to the bare environment that every command gets. */
  environment: Readonly<Record<string, string>>;
  stdin?: Buffer;
  /** Standard output beyond this ends the process. */
  maxBytes: number;
  /** Ends the process with its group; the promise rejects with its reason. */
  signal: AbortSignal;
  /** For output that ends each item with NUL: items that it does not want are dropped as they come. */
  wants?: (item: string) => boolean;
}

export interface GitOutput {
  /** `undefined`: ended by us, because of `maxBytes`. */
  exitCode?: number;
  stdout: Buffer;
  stderr: string;
  /** There was more than `maxBytes`. */
  isCut: boolean;
}

/**
 * Runs the `git` of the owner's PATH, one command a process in a group of its own. Of the environment it gets PATH and HOME
 * only: no `GIT_*` variable of ours reaches it. Relative entries of PATH are not searched: they would find a program of the
 * directory that git works in.
 */
export class GitProgram {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #path: readonly string[];

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
    this.#path = environment.PATH ? environment.PATH.split(delimiter).filter(isAbsolute) : defaultPath;
  }

  /** The owner's home directory, where their own configuration of git lies. */
  get homeDir(): string {
    return this.#environment.HOME ?? "/";
  }

  /** The owner's folder of configurations, by the XDG rules. */
  get configHome(): string {
    return this.#environment.XDG_CONFIG_HOME || join(this.homeDir, ".config");
  }

  /** The path of the program; `undefined` where there is none. */
  async locate(): Promise<string | undefined> {
    for (const directory of this.#path) {
      const file = join(directory, "git");
      try {
        await access(file, constants.X_OK);
        if ((await stat(file)).isFile()) return file;
      } catch {
        // Not here.
      }
    }
    return undefined;
  }

  /** Rejects with the signal's reason, or when the program cannot be started. */
  async run(command: GitCommand): Promise<GitOutput> {
    const program = await this.locate();
    if (program === undefined) throw new Error("There is no git on the PATH.");
    command.signal.throwIfAborted();
    const child = spawn(program, ["--no-pager", ...hardening, ...command.args], {
      cwd: command.cwd,
      env: this.#bareEnvironment(command.environment),
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own: what git may have started ends with it.
      detached: true,
    });
    return collect(child, command);
  }

  #bareEnvironment(more: Readonly<Record<string, string>>): Record<string, string> {
    const own = {
      PATH: this.#path.join(delimiter),
      HOME: this.homeDir,
      XDG_CONFIG_HOME: this.configHome,
      LC_ALL: "C",
      GIT_OPTIONAL_LOCKS: "0",
      GIT_TERMINAL_PROMPT: "0",
      GIT_NO_LAZY_FETCH: "1",
      GIT_NO_REPLACE_OBJECTS: "1",
      GIT_ALLOW_PROTOCOL: "none",
      GIT_SSH_COMMAND: "false",
      GIT_ASKPASS: "false",
    };
    return { ...own, ...more };
  }
}

function collect(child: ChildProcess, { stdin, maxBytes, signal, wants }: GitCommand): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let stderr = "";
    let isCut = false;
    let rest = "";
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const keep = (chunk: Buffer) => {
      if (isCut) return;
      const room = maxBytes - size;
      chunks.push(chunk.subarray(0, room));
      size += Math.min(chunk.length, room);
      if (chunk.length <= room) return;
      isCut = true;
      kill();
    };
    const filter = (chunk: Buffer) => {
      const items = (rest + chunk.toString("latin1")).split("\0");
      rest = items.pop() ?? "";
      const wanted = items.filter((item) => wants?.(item));
      if (wanted.length > 0) keep(Buffer.from(`${wanted.join("\0")}\0`, "latin1"));
    };
    signal.addEventListener("abort", kill, { once: true });
    child.stdout?.on("data", wants === undefined ? keep : filter);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(0, maxErrorChars);
    });
    // A command that ends before it has read everything: its exit tells more.
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
    child.on("error", (error) => {
      signal.removeEventListener("abort", kill);
      reject(error);
    });
    child.on("close", (code) => {
      signal.removeEventListener("abort", kill);
      if (signal.aborted) reject(signal.reason);
      else
        resolve({ exitCode: isCut ? undefined : (code ?? -1), stdout: Buffer.concat(chunks), stderr, isCut });
    });
  });
}
