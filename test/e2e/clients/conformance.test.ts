import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { Ajv } from "ajv";
import { playScenario } from "../../../conformance/playClient.ts";
import { scenarios } from "../../../conformance/scenarios/all.ts";
import { checkServer } from "../../../conformance/serverChecks.ts";
import { useScene } from "../../support/server/scene.ts";

const ajv = new Ajv({ strict: false, formats: { uuid: true, base64: true } });
ajv.addSchema(JSON.parse(readFileSync("ios-client-spec/schemas/daylong.json", "utf8")), "daylong");
const isFrame = ajv.getSchema("daylong#/definitions/ServerFrame")!;
const frameFault = (frame: object) =>
  isFrame(frame) ? undefined : { frame, why: isFrame.errors?.slice(0, 3) };

const isOfTomorrow = (frame: object) => "code" in frame && frame.code === "a_code_of_tomorrow";

const program = resolve("dist/test/conformance/typescriptClient.js");
const play = async (name: string, fault?: string) => {
  const log: string[] = [];
  const command = `${fault === undefined ? "" : `BREAK=${fault} `}${process.execPath} ${program}`;
  const scenario = scenarios.find((one) => one.name === name)!;
  return { ...(await playScenario(scenario, command, (line) => log.push(line))), log };
};

describe("I06: the conformance kit", () => {
  test.concurrent.each(scenarios.map(({ name, about, sentences }) => ({ name, about, sentences })))(
    "the TypeScript client passes $name: $about",
    async ({ name, sentences }) => {
      const { checks, log, sent } = await play(name);
      // What the kit plays is what a server sends: a client is not to be failed for a frame that none would send.
      if (name !== "unknown")
        expect(
          sent
            .filter((frame) => !isOfTomorrow(frame))
            .map(frameFault)
            .filter((fault) => fault !== undefined),
        ).toEqual([]);
      const failed = checks.filter(({ verdict }) => verdict !== "pass");
      expect(failed.length > 0 ? { failed, log } : {}).toEqual({});
      // A scenario that looked at nothing would pass as well.
      expect(checks.map(({ id }) => id)).toEqual(expect.arrayContaining([...sentences]));
    },
    180_000,
  );

  test.concurrent.each([
    { fault: "acks-before-storing", scenario: "killed-at-ack", sentence: "SYNC-1" },
    { fault: "drops-its-cursor", scenario: "relaunch-paired", sentence: "SYNC-5" },
    { fault: "new-id-each-try", scenario: "send-unsaid", sentence: "SEND-2" },
    { fault: "ignores-the-epoch", scenario: "epoch-change", sentence: "SYNC-6" },
    { fault: "answers-the-wrong-permission", scenario: "permissions", sentence: "PERM-4" },
    { fault: "dies-on-an-unknown-event", scenario: "unknown", sentence: "CONN-9" },
  ])(
    "a client that $fault is caught by $sentence",
    async ({ fault, scenario, sentence }) => {
      const { checks } = await play(scenario, fault);
      expect(checks.filter(({ verdict }) => verdict === "fail").map(({ id }) => id)).toContain(sentence);
    },
    180_000,
  );
});

describe("I06: the real server, looked at by the kit", () => {
  const scene = useScene({ every: "file" });

  test("every sentence that a server can be held to holds", async () => {
    const { token } = await scene.server.pair("kit", "chat");
    const { checks } = await checkServer({ url: scene.server.url, token, projectPath: scene.bench.project });
    expect(checks.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(checks.length).toBeGreaterThan(9);
  });
});
