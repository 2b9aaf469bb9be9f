import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Played, playScenario } from "./playClient.ts";
import { scenarios } from "./scenarios/all.ts";
import { readSentences } from "./sentences.ts";
import { checkServer } from "./serverChecks.ts";

const usage = `scripts/conformance client --command "CMD" [--scenario S]... [--expected-failures FILE] [--out DIR] [--jobs N]
scripts/conformance server --url URL --token TOKEN [--project-path DIR] [--out DIR]
scripts/conformance list

client  Starts CMD once a scenario, plays the server to it, and says of each sentence of the specification whether it held.
server  Looks at a server the same way, with a token of the scope chat. Certificates are not judged.
list    Prints the scenarios and the sentences they look at.

The client under test finds DAYLONG_URL, DAYLONG_PAIRING_CODE, DAYLONG_SCENARIO and DAYLONG_STATE_DIR in its environment and
obeys lines of JSON on its standard input; ios-client-spec/README.md tells which. FILE holds lines "SCENARIO SENTENCE" of
failures that are known; one that passes is a failure too. N scenarios are played at once (4). checks.json is written to DIR. Ends with 1 when a sentence failed.`;

const specification = fileURLToPath(new URL("../../ios-client-spec/spec", import.meta.url));

function refuse(sentence: string): never {
  console.error(`conformance: ${sentence}\n\n${usage}`);
  process.exit(64);
}

const options = {
  command: { type: "string" },
  scenario: { type: "string", multiple: true },
  "expected-failures": { type: "string" },
  out: { type: "string" },
  url: { type: "string" },
  token: { type: "string" },
  "project-path": { type: "string" },
  jobs: { type: "string" },
  help: { type: "boolean" },
} as const;

function readArguments() {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { values, positionals } = readArguments();
const sentences = new Map(readSentences(specification).map((sentence) => [sentence.id, sentence]));

async function playAll(): Promise<Played[]> {
  const { command } = values;
  if (command === undefined) refuse("client needs --command, the client to be started.");
  const wanted = values.scenario ?? scenarios.map(({ name }) => name);
  const unknown = wanted.filter((name) => !scenarios.some((one) => one.name === name));
  if (unknown.length > 0) refuse(`there is no scenario "${unknown[0]}"; "list" prints them.`);
  const chosen = scenarios.filter(({ name }) => wanted.includes(name));
  const jobs = Math.max(1, Math.min(Number(values.jobs) || 4, chosen.length));
  // Scenarios wait more than they work: several are played at once, and told in their order.
  const places = Array.from({ length: jobs }, () => Promise.resolve());
  const results = chosen.map((scenario, index) => {
    const log: string[] = [];
    const result = places[index % jobs]!.then(async () => ({
      one: await playScenario(scenario, command, (line) => log.push(line)),
      log,
    }));
    places[index % jobs] = result.then(() => {});
    return result;
  });
  const played: Played[] = [];
  for (const result of results) {
    const { one, log } = await result;
    played.push(one);
    print(one, log);
  }
  return played;
}

function print({ scenario, checks }: Played, log: string[] = []): void {
  console.log(`\n${scenario}`);
  for (const { id, verdict, detail } of checks) {
    const text = sentences.get(id)?.text ?? "";
    console.log(
      `  ${verdict === "pass" ? "ok  " : verdict} ${id}  ${verdict === "pass" ? text.slice(0, 100) : detail}`,
    );
    if (verdict === "fail") console.log(`       ${text}`);
  }
  if (checks.some(({ verdict }) => verdict === "fail"))
    for (const line of log.slice(-10)) console.log(`       client: ${line}`);
}

/** Failures that count: those that nobody expects, and those that are expected and did not come. */
function unexpected(played: Played[]): string[] {
  const file = values["expected-failures"];
  const expected = new Set(
    (file === undefined ? "" : readFileSync(file, "utf8"))
      .split("\n")
      .map((line) => line.replace(/#.*/, "").trim())
      .filter((line) => line !== ""),
  );
  const failed = played.flatMap(({ scenario, checks }) =>
    checks.filter(({ verdict }) => verdict === "fail").map(({ id }) => `${scenario} ${id}`),
  );
  const names = new Set(played.map(({ scenario }) => scenario));
  return [
    ...failed.filter((one) => !expected.has(one)).map((one) => `failed: ${one}`),
    ...[...expected]
      .filter((one) => names.has(one.split(" ")[0]!) && !failed.includes(one))
      .map((one) => `was expected to fail and passes: ${one}`),
  ];
}

function finish(played: Played[]): never {
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    writeFileSync(
      join(values.out, "checks.json"),
      `${JSON.stringify(
        played.map(({ scenario, checks }) => ({ scenario, checks })),
        null,
        2,
      )}\n`,
    );
  }
  const faults = unexpected(played);
  const checks = played.flatMap((one) => one.checks);
  const count = (verdict: string) => checks.filter((check) => check.verdict === verdict).length;
  console.log(`\n${count("pass")} held, ${count("warn")} doubtful, ${count("fail")} failed`);
  for (const fault of faults) console.log(fault);
  process.exit(faults.length > 0 ? 1 : 0);
}

if (values.help) {
  console.log(usage);
  process.exit(0);
}
switch (positionals[0]) {
  case "client":
    finish(await playAll());
    break;
  case "server": {
    const { url, token } = values;
    if (url === undefined || token === undefined) refuse("server needs --url and --token.");
    const played = await checkServer({ url, token, projectPath: values["project-path"] });
    print(played);
    finish([played]);
    break;
  }
  case "list":
    for (const { name, about, sentences: looked } of scenarios) {
      console.log(`${name}\n  ${about}`);
      for (const id of looked) console.log(`  ${id}  ${sentences.get(id)?.text ?? "(no such sentence)"}`);
    }
    break;
  default:
    refuse(positionals[0] === undefined ? "say client, server or list." : `there is no "${positionals[0]}".`);
}
