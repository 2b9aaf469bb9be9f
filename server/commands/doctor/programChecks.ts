import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { passesToCli } from "../../app/config.ts";
import { bundledCli } from "../../claude/start/cliProgram.ts";
import { askLogin } from "../../claude/start/loginStatus.ts";
import { programName } from "../framework/programName.ts";
import { type Finding, note, ok, type Patient, wrong } from "./finding.ts";

const leastNode = [20, 19] as const;

export function checkNode({ nodeVersion }: Patient): Finding {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const isOld = major < leastNode[0] || (major === leastNode[0] && minor < leastNode[1]);
  return isOld
    ? wrong(
        "node",
        `Node.js ${nodeVersion} is too old.`,
        "Install Node.js 20.19 or newer, and then daylong again.",
      )
    : ok("node", `Node.js ${nodeVersion}`);
}

export function checkSettings({ faults }: Patient): Finding[] {
  if (faults.length === 0) return [ok("settings", "Every setting can be read.")];
  return faults.map((fault) =>
    wrong("settings", fault, "Correct it in the environment or in .env; .env.example lists them all."),
  );
}

/** Other programs than a CLI's answer to `--version` in their own words. */
const versionIn = (text: string): string | undefined => /\d+\.\d+\.\d+\S*/.exec(text)?.[0];

const programOf = ({ environment }: Patient): string | undefined => environment.CLAUDE_BIN || bundledCli();

export async function checkCli(patient: Patient): Promise<Finding> {
  const program = programOf(patient);
  if (program === undefined)
    return wrong(
      "cli",
      "The Claude CLI that comes with the Agent SDK is not installed for this computer.",
      "Install daylong again without --omit=optional, or set CLAUDE_BIN.",
    );
  const { code, stdout, stderr } = await patient.run(program, ["--version"]);
  const version = versionIn(stdout);
  if (code === 0 && version !== undefined) return ok("cli", `Claude CLI ${version} (${program})`);
  const said = stderr.trim().split("\n")[0];
  const isOwn = Boolean(patient.environment.CLAUDE_BIN);
  return wrong(
    "cli",
    `${program} does not run${said ? `: ${said}` : ""}.`,
    isOwn ? "Correct CLAUDE_BIN, or unset it to use the bundled one." : "Install daylong again.",
  );
}

/** Asks the CLI, which answers without a turn. */
export async function checkLogin(patient: Patient): Promise<Finding> {
  if (patient.isDemo) return ok("login", "The demo needs none.");
  const { state, detail } = await askLogin(patient.environment);
  if (state === "in") return ok("login", detail);
  if (state === "out")
    return wrong(
      "login",
      "Claude is not logged in on this computer.",
      `Run ${programName()} login, or set ANTHROPIC_API_KEY.`,
    );
  return note(
    "login",
    `It is not known whether Claude is logged in: ${detail}`,
    "See the line about the CLI.",
  );
}

/** A second CLI is the owner's own; of another version it writes conversations that the older one may not read. */
export async function checkOtherCli(patient: Patient): Promise<Finding[]> {
  const own = programOf(patient);
  if (own === undefined) return [];
  const ownVersion = versionIn((await patient.run(own, ["--version"])).stdout);
  const found: Finding[] = [];
  for (const path of executables("claude", patient.environment.PATH ?? "")) {
    if (realpathSync(path) === realpathSync(own)) continue;
    const version = versionIn((await patient.run(path, ["--version"])).stdout);
    if (version === undefined || version === ownVersion) continue;
    found.push(
      note(
        "other-cli",
        `${path} is Claude CLI ${version}; Daylong uses ${ownVersion ?? "its own"}.`,
        "Conversations go to and fro between near versions. Update the older one, or set CLAUDE_BIN to use yours for both.",
      ),
    );
  }
  return found.length > 0 ? found : [ok("other-cli", "No claude of another version is on the PATH.")];
}

/** The files of a name on the PATH that can be run, each once. */
export function executables(name: string, path: string): string[] {
  const found = path
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => {
      const file = join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return statSync(file).isFile() ? [file] : [];
      } catch {
        return [];
      }
    });
  return found.filter(
    (file, index) => found.findIndex((one) => realpathSync(one) === realpathSync(file)) === index,
  );
}

/** What builds and tests often need, and the CLI does not get unless it is asked for. */
const common = [
  ...["JAVA_HOME", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "NVM_DIR", "VOLTA_HOME", "PNPM_HOME"],
  ...["VIRTUAL_ENV", "CONDA_PREFIX", "PYENV_ROOT", "GEM_HOME", "ANDROID_HOME", "SDKMAN_DIR", "DOCKER_HOST"],
];

export function checkPassedVariables({ config, environment }: Patient): Finding {
  const missing = common.filter((name) => environment[name] && !passesToCli(config, name));
  return missing.length === 0
    ? ok("environment", "No common variable of this terminal is kept from Claude's tools.")
    : note(
        "environment",
        `${missing.join(", ")}: set here, but Claude's tools do not get them.`,
        `Where builds need them: CLI_ENV_PASS=${missing.join(":")}`,
      );
}
