import { execFile } from "node:child_process";
import { z } from "zod";
import type { Clock } from "../../domain/ports.ts";
import { bundledCli } from "./cliProgram.ts";
import { cliEnvironment, processMark } from "./environment.ts";

/** The CLI answers in a quarter of a second; a machine that is busy starting may take longer. */
const patienceMs = 15_000;

/** Variables by which the CLI needs no login: a key, a token, another provider. What they hold is not looked at. */
const credentials = [
  ...["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"],
  ...["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"],
];
/** How old the word that there is no login may be when it is asked for. */
const renewMs = 10_000;

/** What the CLI says of its login. `unknown`: it said nothing that could be read. */
export type LoginStatus =
  | { state: "in"; method: string; detail: string }
  | { state: "out"; detail: string }
  | { state: "unknown"; detail: string };

const answerSchema = z.object({
  loggedIn: z.boolean(),
  authMethod: z.string().optional(),
  email: z.string().nullish(),
  apiKeySource: z.string().nullish(),
  subscriptionType: z.string().nullish(),
});

/** Asks the CLI whether it is logged in, without a turn and without a word to the API: `claude auth status`. */
function askLoginStatus(program: string, environment: Record<string, string>): Promise<LoginStatus> {
  return new Promise((resolve) => {
    const options = { env: environment, timeout: patienceMs, killSignal: "SIGKILL" as const };
    // It ends with 1 when it is not logged in, and answers all the same.
    execFile(program, ["auth", "status", "--json"], options, (error, stdout) => {
      const status = readStatus(stdout);
      resolve(status ?? { state: "unknown", detail: error?.message.split("\n")[0] ?? "It gave no answer." });
    });
  });
}

/** The same of the CLI that the server would start, with the environment that it would give it. */
export async function askLogin(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<LoginStatus> {
  const program = environment.CLAUDE_BIN || bundledCli();
  if (program === undefined) return { state: "unknown", detail: "The Claude CLI is not installed." };
  const { [processMark]: _mark, ...ofCli } = cliEnvironment(environment, "");
  return askLoginStatus(program, ofCli);
}

function readStatus(text: string): LoginStatus | undefined {
  let parsed: z.infer<typeof answerSchema>;
  try {
    parsed = answerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { loggedIn, authMethod = "login", email, apiKeySource, subscriptionType } = parsed;
  if (!loggedIn)
    return {
      state: "out",
      detail:
        "Claude is not logged in on this computer: run `daylong login` (in a checkout `scripts/login`), or set ANTHROPIC_API_KEY.",
    };
  const by = apiKeySource ? `an API key (${apiKeySource})` : (email ?? authMethod);
  const plan = subscriptionType ? `, plan ${subscriptionType}` : "";
  return { state: "in", method: authMethod, detail: `Claude is logged in with ${by}${plan}.` };
}

/**
 * Knows whether Claude is logged in. Asked once at the start; while it is not, asked again when somebody wants to know, so that a
 * login is noticed. Where the environment holds a key or a token the CLI is not asked: its login does not matter then.
 */
export class LoginWatch {
  readonly #parts: {
    clock: Pick<Clock, "monotonic">;
    ask(): Promise<LoginStatus>;
    environment: Readonly<Record<string, string | undefined>>;
  };
  #status: LoginStatus | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    clock: Pick<Clock, "monotonic">;
    ask(): Promise<LoginStatus>;
    environment: Readonly<Record<string, string | undefined>>;
  }) {
    this.#parts = parts;
  }

  /** Why messages will fail: there is no login. */
  get fault(): string | undefined {
    if (this.#status?.state !== "out") return undefined;
    if (this.#parts.clock.monotonic() - this.#askedAtMs > renewMs) void this.look();
    return this.#status.detail;
  }

  /** Resolves when it is known. Never rejects. */
  async look(): Promise<void> {
    const { clock, ask, environment } = this.#parts;
    if (credentials.some((name) => environment[name])) return;
    this.#askedAtMs = clock.monotonic();
    this.#status = await ask();
  }
}
