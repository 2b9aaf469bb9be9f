import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** The CLI that the Agent SDK brings for this platform. */
export function cliBinary(): string {
  const require = createRequire(import.meta.url);
  const name = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}/package.json`;
  const sdk = dirname(require.resolve("@anthropic-ai/claude-agent-sdk"));
  return join(dirname(createRequire(join(sdk, "package.json")).resolve(name)), "claude");
}

/** The flags that the Agent SDK gives it: for a conversation of its own, or for one that it goes on with. */
export const cliFlags = (
  conversation: { sessionId?: string; resume?: string; model?: string } = {},
): string[] => [
  ..."--output-format stream-json --verbose --input-format stream-json --permission-prompt-tool=stdio".split(
    " ",
  ),
  "--setting-sources=user,project,local",
  "--include-partial-messages",
  conversation.resume === undefined
    ? `--session-id=${conversation.sessionId ?? randomUUID()}`
    : `--resume=${conversation.resume}`,
  ...(conversation.model === undefined ? [] : [`--model=${conversation.model}`]),
];

export interface RawTiming {
  firstDeltaMs: number;
  completedMs: number;
  /** When the end was seen, as `performance.now()` says. */
  endedAt: number;
}

/** The CLI driven over stdin and stdout with nothing in between: the least a turn can take. */
export class RawCli {
  readonly #child: ChildProcess;
  #turn: { startedAt: number; firstDeltaMs?: number; done(timing: RawTiming): void } | undefined;

  constructor(
    cwd: string,
    environment: Record<string, string>,
    conversation?: Parameters<typeof cliFlags>[0],
  ) {
    this.#child = spawn(cliBinary(), cliFlags(conversation), {
      cwd,
      env: environment,
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.#child.stdout! }).on("line", (line) => this.#hear(line));
  }

  turn(text: string, startedAt = performance.now()): Promise<RawTiming> {
    return new Promise((done) => {
      this.#turn = { startedAt, done };
      const message = {
        type: "user",
        message: { role: "user", content: text },
        parent_tool_use_id: null,
        uuid: randomUUID(),
      };
      this.#child.stdin!.write(`${JSON.stringify(message)}\n`);
    });
  }

  #hear(line: string): void {
    const message = JSON.parse(line) as { type: string; event?: { delta?: { type?: string } } };
    const turn = this.#turn;
    if (turn === undefined) return;
    if (message.type === "stream_event" && message.event?.delta?.type === "text_delta") {
      turn.firstDeltaMs ??= performance.now() - turn.startedAt;
    }
    if (message.type === "result") {
      this.#turn = undefined;
      const endedAt = performance.now();
      turn.done({
        firstDeltaMs: turn.firstDeltaMs ?? Number.NaN,
        completedMs: endedAt - turn.startedAt,
        endedAt,
      });
    }
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.stdin!.end();
    });
  }
}
