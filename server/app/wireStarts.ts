import { realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { ProjectRoots } from "../access/projectRoots.ts";
import { OwnersTrust } from "../access/projectTrust.ts";
import { CliStarts } from "../claude/start/cliStarts.ts";
import { CliTrust } from "../claude/start/cliTrust.ts";
import { DeniedPaths, liesInAny } from "../claude/start/deniedPaths.ts";
import { repositoryDangers } from "../claude/start/repositoryDangers.ts";
import { sandboxFault } from "../claude/start/sandbox.ts";
import { SettingsFiles } from "../claude/start/settingsFiles.ts";
import { claudeConfigDir } from "../claude/transcripts/transcriptFile.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import { MentionedFiles } from "../files/mentionedFiles.ts";
import { gitDangers } from "../git/gitDangers.ts";
import { GitProgram } from "../git/gitProgram.ts";
import { type Config, ConfigError, passesToCli } from "./config.ts";

/** What the CLI is started with: trust, starts, the places that are closed to it; and what it may be told by a mention. */
export function wireStarts(parts: {
  config: Config;
  store: Store;
  clock: Clock;
  log: Log;
  homeDir: string;
  roots: ProjectRoots;
  /** The environment of which the CLI gets the allowed part. */
  environment: Readonly<Record<string, string | undefined>>;
}) {
  const { config, store, clock, log, homeDir, roots, environment } = parts;
  const { dataDir, projectRoots, deniedPaths: paths, claudeBinary: binary, sandbox } = config;
  const terminal = new CliTrust(environment);
  const trust = new OwnersTrust({
    store,
    clock,
    log,
    homeDir,
    claudeConfigDir: claudeConfigDir(environment),
    acceptedInTerminal: (path) => terminal.accepted(path),
  });
  const program = new GitProgram(environment);
  // Conversations that named no project work in the data folder, and the sessions of the demo.
  const openNames = ["conversations", ...projectRoots.flatMap((root) => nameBelow(dataDir, root))];
  const deniedPaths = new DeniedPaths({ dataDir, paths, openNames });
  const starts = new CliStarts({
    log,
    environment,
    passesToCli: (name) => passesToCli(config, name),
    binary,
    trust,
    deniedPaths,
    gitDangers: (directory) => gitDangers(directory, { program, clock }),
    repositoryDangers: (directory) => repositoryDangers(directory, environment),
    settingsFiles: new SettingsFiles({ dir: join(dataDir, "process-settings") }),
    sandbox,
    features: config.features,
  });
  const isDenied = (path: string) => deniedPaths.holds(path);
  const mentions = new MentionedFiles({ roots, homeDir, clock, isDenied });
  /** As for mentions: what is denied, and hidden entries of the home, but for a project in one of them. */
  const closedPlaces = async (projectPath: string) => {
    const denied = await deniedPaths.list();
    const home = await realpath(homeDir).catch(() => homeDir);
    return (path: string) =>
      liesInAny(denied, path) || (isHidden(home, path) && !isHidden(home, projectPath));
  };
  return {
    program,
    trust,
    starts,
    mentions,
    closedPlaces,
    recentlyClosedPlaces: recent(closedPlaces, clock),
  };
}

/** Projects whose places are remembered; more are not worked in at once. */
const mostRecent = 100;
const recentMs = 10_000;

/**
 * The same as of ten seconds ago at most, for the name of a branch, which is looked at after each turn: to look at some thirty places
 * takes as long as the next turn's start.
 */
function recent<T>(placesOf: (projectPath: string) => Promise<T>, clock: Clock) {
  const known = new Map<string, { until: number; places: Promise<T> }>();
  return (projectPath: string): Promise<T> => {
    const now = clock.monotonic();
    const found = known.get(projectPath);
    if (found !== undefined && now < found.until) return found.places;
    if (known.size >= mostRecent) known.clear();
    const places = placesOf(projectPath);
    known.set(projectPath, { until: now + recentMs, places });
    places.catch(() => known.delete(projectPath));
    return places;
  };
}

/** With `SANDBOX=true`, throws a `ConfigError` where the CLI could not make one. */
export async function requireSandbox(
  { sandbox }: Pick<Config, "sandbox">,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const fault = sandbox ? await sandboxFault(environment) : undefined;
  if (fault !== undefined) throw new ConfigError([fault]);
}

/** Whether a path goes through a hidden entry of the home itself. */
const isHidden = (home: string, path: string): boolean => {
  const first = relative(home, path).split(sep)[0] ?? "";
  return first.startsWith(".") && first !== "..";
};

/** The first name below the directory of what lies in it. */
function nameBelow(directory: string, path: string): string[] {
  const [first = ""] = relative(directory, path).split(sep);
  return first === "" || first === ".." ? [] : [first];
}
