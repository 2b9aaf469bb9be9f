import { operatingSystemOf } from "../../claude/os/operatingSystem.ts";
import { holderOfPort, whyNotFree } from "../../platform/network/portHolder.ts";
import { programName } from "../framework/programName.ts";
import { type Finding, note, ok, type Patient, wrong } from "./finding.ts";
import { executables } from "./programChecks.ts";

/** Apple refuses tokens of a clock that is an hour off, and people wonder from a minute on. */
const clockToleranceMs = 60_000;

/** The port that the server wants, or has. */
export async function checkPort({ config, server, run }: Patient): Promise<Finding> {
  const { host, port } = config;
  if (server !== undefined)
    return ok("port", `The server runs at ${server.url} (pid ${server.pid}, version ${server.version}).`);
  if (port === 0) return ok("port", "PORT=0: the system chooses one.");
  const fault = await whyNotFree(host, port);
  if (fault === undefined) return ok("port", `${host}:${port} is free.`);
  if (fault === "EADDRINUSE") {
    const holder = await holderOfPort(port, run);
    return wrong(
      "port",
      `Port ${port} is taken by ${holder ?? "a program of another user"}.`,
      "Stop it, or set PORT to another port.",
    );
  }
  if (fault === "EACCES")
    return wrong("port", `Port ${port} may not be bound by this user.`, "Set PORT to one above 1023.");
  return wrong(
    "port",
    `${host}:${port} cannot be bound (${fault}).`,
    "HOST has to be an address of this computer; 127.0.0.1 always is.",
  );
}

export async function checkClock({ now, timeElsewhere, isDemo }: Patient): Promise<Finding> {
  if (isDemo) return ok("clock", "The demo asks nobody for the time.");
  const askedAt = now();
  const elsewhere = await timeElsewhere();
  const answeredAt = now();
  if (elsewhere === undefined)
    return note(
      "clock",
      "The clock could not be compared: the API did not answer.",
      "Look at the network, a proxy (HTTPS_PROXY) or ANTHROPIC_BASE_URL.",
    );
  // `Date` has whole seconds, and is of some instant between question and answer.
  const offMs = elsewhere < askedAt - 1_000 ? elsewhere - askedAt : Math.max(0, elsewhere - answeredAt);
  if (Math.abs(offMs) <= clockToleranceMs) return ok("clock", "The clock agrees with the API's.");
  const minutes = Math.round(Math.abs(offMs) / 60_000);
  return wrong(
    "clock",
    `The clock is ${minutes} min ${offMs > 0 ? "slow" : "fast"}.`,
    "Let the system set it (timedatectl set-ntp true; on a Mac System Settings, General, Date & Time). Apple and TLS refuse a wrong one.",
  );
}

export function checkKeepAwake({ environment }: Patient): Finding {
  const [command] = operatingSystemOf(process.platform).keepAwakeCommand(process.pid);
  return executables(command, environment.PATH ?? "").length > 0
    ? ok("keep-awake", `${command} can keep the computer awake.`)
    : note(
        "keep-awake",
        `${command} is not there: the computer may sleep in the middle of a turn.`,
        "Turn its idle sleep off, or install systemd.",
      );
}

export async function checkService({ service, server }: Patient): Promise<Finding> {
  const { state, detail, log } = await service.status();
  if (state === "absent")
    return note("service", "The server does not start by itself.", `${programName()} service install`);
  if (state === "running") return ok("service", detail);
  if (state === "unknown")
    return note("service", detail, "Ask again in a session of your own (not su or sudo).");
  return server === undefined
    ? wrong("service", `The service does not run: ${detail}`, `Look at its log: ${log}`)
    : note(
        "service",
        `The service does not run (${detail}), but a server does.`,
        `Stop that server, then ${programName()} service install`,
      );
}

/** What the running server says of itself, beside what is looked at here. */
export async function checkServer({ server, healthOf }: Patient): Promise<Finding[]> {
  if (server === undefined)
    return [note("server", "No server runs in the data folder.", `${programName()} start`)];
  const { checks = {} } = await healthOf(server);
  const bad = Object.entries(checks).filter(([, { state }]) => state === "failing" || state === "degraded");
  if (bad.length === 0) return [ok("server", "The server says that all is well.")];
  return bad.map(([name, { state, detail }]) =>
    wrong(
      "server",
      `The server's ${name} is ${state}${detail ? `: ${detail}` : "."}`,
      "GET /health says when it is well again; README, When something breaks.",
    ),
  );
}
