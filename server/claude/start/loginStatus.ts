import { execFile } from "node:child_process";
import { z } from "zod";

/** The CLI answers in a quarter of a second; a machine that is busy starting may take longer. */
const patienceMs = 15_000;

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
export function askLoginStatus(program: string, environment: Record<string, string>): Promise<LoginStatus> {
  return new Promise((resolve) => {
    const options = { env: environment, timeout: patienceMs, killSignal: "SIGKILL" as const };
    // It ends with 1 when it is not logged in, and answers all the same.
    execFile(program, ["auth", "status", "--json"], options, (error, stdout) => {
      const status = readStatus(stdout);
      resolve(status ?? { state: "unknown", detail: error?.message.split("\n")[0] ?? "It gave no answer." });
    });
  });
}

function readStatus(text: string): LoginStatus | undefined {
  let parsed: z.infer<typeof answerSchema>;
  try {
    parsed = answerSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { loggedIn, authMethod = "login", email, apiKeySource, subscriptionType } = parsed;
  if (!loggedIn) return { state: "out", detail: "Claude is not logged in on this computer." };
  const by = apiKeySource ? `an API key (${apiKeySource})` : (email ?? authMethod);
  const plan = subscriptionType ? `, plan ${subscriptionType}` : "";
  return { state: "in", method: authMethod, detail: `Claude is logged in with ${by}${plan}.` };
}
