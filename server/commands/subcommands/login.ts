import { spawn } from "node:child_process";
import { once } from "node:events";
import { bundledCli } from "../../claude/start/cliProgram.ts";
import { cliEnvironment, processMark } from "../../claude/start/environment.ts";
import { askLogin } from "../../claude/start/loginStatus.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";

export const login = defineCommand({
  name: "login",
  summary: "Logs Claude in on this computer, by the CLI that comes along.",
  details:
    "Runs the bundled CLI's own login in this terminal. A running server notices it by itself within minutes at most, and sends what waited.",
  flags: {
    console: {
      type: "boolean",
      says: "log in to the Anthropic Console (billed by use) instead of a Claude subscription",
    },
    sso: { type: "boolean", says: "log in by single sign-on" },
    email: { type: "text", value: "ADDRESS", says: "fill in this address on the login page" },
    status: { type: "boolean", says: "only say whether there is a login; exit 1 when there is none" },
    "data-dir": commonFlags["data-dir"],
    json: { type: "boolean", says: "print JSON; with --status" },
  },
  async run({ values }) {
    const { gatherSettings } = await import("../start/configuration.ts");
    const { environment } = gatherSettings({ demo: false, dataDir: values["data-dir"] });
    const program = environment.CLAUDE_BIN ?? bundledCli();
    if (program === undefined)
      throw new Error("The Claude CLI is not installed; install the packages again.");
    const { [processMark]: _mark, ...ofCli } = cliEnvironment(environment, "");
    if (!values.status) {
      const flags = [
        ...(values.console ? ["--console"] : []),
        ...(values.sso ? ["--sso"] : []),
        ...(values.email === undefined ? [] : ["--email", values.email]),
      ];
      await runInTerminal(program, ["auth", "login", ...flags], terminalEnvironment(ofCli));
    }
    const status = await askLogin(environment);
    if (values.json) printJson(status);
    else print(status.detail);
    if (status.state !== "in") process.exitCode = 1;
  },
});

/** The CLI opens a browser and draws on this terminal: it gets what these need besides. */
const terminalEnvironment = (ofCli: Record<string, string>): Record<string, string> => {
  const names = [
    "TERM",
    "COLORTERM",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
  ];
  const present = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return Object.assign(Object.fromEntries(present), ofCli);
};

async function runInTerminal(program: string, args: string[], env: Record<string, string>): Promise<void> {
  const child = spawn(program, args, { stdio: "inherit", env });
  // Ctrl-C is the CLI's, which ends by it.
  process.on("SIGINT", () => {});
  const [code] = (await Promise.race([once(child, "exit"), once(child, "error")])) as [unknown];
  if (code instanceof Error) throw new Error("The Claude CLI could not be started.", { cause: code });
  if (code !== 0) throw new Error("The login was not finished.");
}
