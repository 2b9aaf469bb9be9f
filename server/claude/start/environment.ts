/**
 * The CLI's environment is an allow-list, so that Daylong's own secrets (APNs keys, tokens) and anything else that the
 * owner's shell holds never reach a process that runs tools on a model's word.
 */
const exactNames = new Set([
  "PATH",
  "HOME",
  "USER",
  "LANG",
  "TZ",
  "TMPDIR",
  "SHELL",
  "SSH_AUTH_SOCK",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "ALL_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "all_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  // The CLI refuses bypass mode as root unless it is told that it runs in a sandbox.
  "IS_SANDBOX",
  // Of this server's own making: it tells what a former one left.
  "DAYLONG_SERVER",
]);
const prefixes = ["LC_", "ANTHROPIC_", "CLAUDE_", "AWS_", "GOOGLE_", "VERTEX_"];
/** Keys to the owner's whole organisation, which Claude never needs. */
const refusedPrefixes = ["ANTHROPIC_ADMIN_"];
/** Set by a Claude session around us, if the server was started from one; a child must not think it is nested. */
const nestingNames = new Set([
  "CLAUDE_CODE_ENTRYPOINT",
  "CLAUDE_CODE_SSE_PORT",
  "CLAUDE_CODE_SESSION_ID",
  "CLAUDE_BIN",
]);

/** Name of the variable that marks a process and all its descendants. */
export const processMark = "DAYLONG_PROCESS";

/** The environment of a CLI process. `passes`: further names that the owner has chosen; Daylong's own are not among them. */
export function cliEnvironment(
  source: Readonly<Record<string, string | undefined>>,
  processId: string,
  passes: (name: string) => boolean = () => false,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    // In a .env file an empty value means "not set"; with an empty CLAUDE_CONFIG_DIR the CLI keeps its state in the project.
    if (value === undefined || value === "" || nestingNames.has(name)) continue;
    if (refusedPrefixes.some((prefix) => name.startsWith(prefix))) continue;
    const isKnown = exactNames.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
    if (isKnown || passes(name)) environment[name] = value;
  }
  environment.DISABLE_AUTOUPDATER = "1";
  // Where a project's own settings are not followed, its CLAUDE.md is read as that of an additional directory.
  environment.CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD = "1";
  // The end of a turn whose result was lost is seen by it.
  environment.CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS = "1";
  environment[processMark] = processId;
  return environment;
}
