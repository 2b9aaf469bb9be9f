import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { errorCatalogue } from "../../../server/domain/errors.ts";
import { eventTypes } from "../../../server/wire/delivery/events.ts";
import { serverFrameSchemas } from "../../../server/wire/delivery/serverFrames.ts";

const folder = "ios-client-spec/fixtures";
const kinds = ["frames", "events", "problems", "answers"] as const;
type Kind = (typeof kinds)[number];
type Fixtures = { [name: string]: unknown[] };
type Schema = { [key: string]: unknown };

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const versions = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const fixturesOf = (of: string, kind: Kind): Fixtures => read(join(folder, of, `${kind}.json`));
/** The schemas of a version: a released one keeps its own, those of today are beside the fixtures. */
const schemaOf = (of: string, name: "daylong" | "openapi"): Schema => {
  const own = join(folder, of, `${name}.json`);
  return read(existsSync(own) ? own : `ios-client-spec/schemas/${name}.json`);
};

/**
 * The schema as a client reads it: every word is allowed where an enumeration stands (`const`, which tells the members of a
 * union apart, stays).
 */
const lenient = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(lenient);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key, value]) => !(key === "enum" && Array.isArray(value)))
      .map(([key, value]) => [key, lenient(value)]),
  );
};

/** Holds fixtures to the schemas of one version; a name that the version does not know is none of its business. */
class Reader {
  readonly #daylong = new Ajv({ strict: false, validateFormats: false });
  readonly #openApi = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });
  readonly #known = new Map<string, ValidateFunction | undefined>();
  readonly #definitions: { [name: string]: Schema };

  constructor(daylong: Schema, openApi: Schema) {
    this.#definitions = daylong.definitions as { [name: string]: Schema };
    this.#daylong.addSchema(lenient(daylong) as Schema, "daylong");
    this.#openApi.addSchema(lenient(openApi) as Schema, "openapi");
  }

  fault(kind: Kind, name: string, sample: unknown): string | undefined {
    const key = `${kind} ${name}`;
    if (!this.#known.has(key)) this.#known.set(key, this.#validator(kind, name));
    const validate = this.#known.get(key);
    if (validate === undefined || validate(sample)) return undefined;
    return `${key}: ${this.#daylong.errorsText(validate.errors?.slice(0, 3))}`;
  }

  faults(fixtures: { kind: Kind; name: string; sample: unknown }[]): string[] {
    return fixtures.flatMap(({ kind, name, sample }) => this.fault(kind, name, sample) ?? []);
  }

  #validator(kind: Kind, name: string): ValidateFunction | undefined {
    if (kind === "answers") {
      const [method, path, status] = name.split(" ") as [string, string, string];
      const template = path.replace(/~/g, "~0").replace(/\//g, "~1");
      const pointer = `/paths/${encodeURIComponent(template)}/${method.toLowerCase()}/responses/${status}/content/application~1json/schema`;
      return this.#openApi.getSchema(`openapi#${pointer}`);
    }
    const definition =
      kind === "problems" ? "Problem" : kind === "frames" ? frameName(name) : this.#eventOf(name);
    return definition === undefined
      ? undefined
      : this.#daylong.getSchema(`daylong#/definitions/${definition}`);
  }

  #eventOf(type: string): string | undefined {
    const hasType = ([, { properties }]: [string, Schema]) =>
      (properties as { type?: { const?: unknown } } | undefined)?.type?.const === type;
    return Object.entries(this.#definitions).find(
      ([name]) => name.endsWith("Event") && hasType([name, this.#definitions[name]!]),
    )?.[0];
  }
}

const frameName = (type: string) => `${type.charAt(0).toUpperCase()}${type.slice(1)}Frame`;
const readerOf = (of: string) => new Reader(schemaOf(of, "daylong"), schemaOf(of, "openapi"));
const allOf = (of: string) =>
  kinds.flatMap((kind) =>
    Object.entries(fixturesOf(of, kind)).flatMap(([name, samples]) =>
      samples.map((sample) => ({ kind, name, sample })),
    ),
  );
/** Events that no test brings about with a server of its own, and why. */
const unseenEvents: { [type: string]: string } = {
  "session.quarantined": "takes five crashes with pauses between them: its tests have a clock of their own",
  "device.push_lost": "takes two devices with the same push token: its tests are at the registration",
};

const ofTurns = "the end of a turn, never an answer: see the events";
const ofOpenAi = "told in OpenAI's shape only, under /v1";
const ofTheMoment =
  "takes a full queue, a stop or a fault at the moment of the request: its tests are in the pool's folder";
/** Codes that no problem document of a server in the tests has, and why. */
const unseenProblems: { [code: string]: string } = {
  unsupported_parameter: ofOpenAi,
  conversation_not_found: ofOpenAi,
  response_not_found: ofOpenAi,
  model_not_found: ofOpenAi,
  bad_frame: "an error frame, never an answer",
  attachment_failed: ofTurns,
  interrupted: ofTurns,
  process_crashed: ofTurns,
  process_stopped: ofTurns,
  server_restarted: ofTurns,
  claude_error: ofTurns,
  conversation_lost: ofTurns,
  turn_limit: ofTurns,
  stalled: ofTurns,
  memory_limit: ofTurns,
  lease_expired: ofTurns,
  timed_out: ofTurns,
  device_queue_full: ofTheMoment,
  attachment_limit: ofTheMoment,
  recap_failed: ofTheMoment,
  shutting_down: ofTheMoment,
  process_start_failed: ofTheMoment,
  changes_timed_out: ofTheMoment,
  login_required: ofTheMoment,
  usage_limit: ofTheMoment,
  session_quarantined: ofTheMoment,
  upload_offset_mismatch: "an answer to PATCH of an upload, which its tests send by hand",
};

const namesOf = (kind: Kind) => Object.keys(fixturesOf(version, kind));
const lacking = (kind: Kind, wanted: readonly string[]) =>
  wanted
    .filter((name) => !namesOf(kind).includes(name))
    .map((name) => `no golden ${kind} of ${name}: run scripts/golden-fixtures with the test that shows it`);

describe("I02: the golden fixtures", () => {
  test("every version's fixtures are read by the schemas of today: a new app understands an old server", () => {
    const today = readerOf(version);
    for (const of of versions) expect(today.faults(allOf(of))).toEqual([]);
    expect(allOf(version).length).toBeGreaterThan(200);
  });

  test("today's fixtures are read by the schemas of every version: an old app understands a new server", () => {
    expect(versions).toContain(version);
    for (const of of versions) expect(readerOf(of).faults(allOf(version))).toEqual([]);
  });

  test("a field that is gone, and one of another type, are seen; a further field and word are not", () => {
    const today = readerOf(version);
    const event = structuredClone(fixturesOf(version, "events")["turn.completed"]![0]) as {
      at: unknown;
      data: Schema;
    };
    const named = (sample: unknown) => today.fault("events", "turn.completed", sample);
    expect(named(event)).toBeUndefined();
    expect(named({ ...event, more: 1 })).toBeUndefined();
    expect(named({ ...event, at: "noon" })).toMatch(/at must be integer/);
    expect(named({ ...event, data: undefined })).toMatch(/data/);
    const session = structuredClone(
      fixturesOf(version, "answers")["GET /api/sessions/{id} 200"]![0],
    ) as Schema;
    const answered = (sample: unknown) => today.fault("answers", "GET /api/sessions/{id} 200", sample);
    expect(answered({ ...session, state: "of tomorrow" })).toBeUndefined();
    expect(answered({ ...session, sessionId: 7 })).toMatch(/sessionId must be string/);
  });

  test("there is one of every frame, event and error, and of every answer in JSON", () => {
    const listed = Object.keys(unseenEvents).filter((type) => namesOf("events").includes(type));
    expect([
      ...listed,
      ...Object.keys(unseenProblems).filter((code) => namesOf("problems").includes(code)),
    ]).toEqual([]);
    expect(lacking("frames", Object.keys(serverFrameSchemas))).toEqual([]);
    expect(
      lacking(
        "events",
        eventTypes.filter((type) => !(type in unseenEvents)),
      ),
    ).toEqual([]);
    expect(
      lacking(
        "problems",
        Object.keys(errorCatalogue).filter((code) => !(code in unseenProblems)),
      ),
    ).toEqual([]);
  });
});
