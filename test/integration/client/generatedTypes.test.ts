import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { generatedPath } from "../../../client/generator/format.ts";
import { generatedFiles } from "../../../client/generator/generatedFiles.ts";
import { routeTable } from "../../../server/http/app.ts";
import { asyncApiDocument } from "../../../server/http/documents/asyncapi.ts";
import { openApiDocument } from "../../../server/http/documents/openapi.ts";
import { pathTemplate } from "../../../server/http/documents/operationNames.ts";
import { clientFrameTypes } from "../../../server/wire/delivery/clientFrames.ts";
import { eventTypes } from "../../../server/wire/delivery/events.ts";
import { serverFrameSchemas } from "../../../server/wire/delivery/serverFrames.ts";
import { useRig } from "../http/rig.ts";

const rig = useRig();

/** The documents as they are served: plain JSON. */
const served = (document: unknown) => JSON.parse(JSON.stringify(document));

test("C04 I02: what is generated for clients is what today's schemas make; scripts/client-types writes it anew", async () => {
  const openApi = openApiDocument(routeTable(rig.parts), "any");
  const files = Object.entries(await generatedFiles(served(openApi), served(asyncApiDocument("any"))));
  expect(files.length).toBeGreaterThan(4);
  const stale = files.filter(([path, text]) => !existsSync(path) || readFileSync(path, "utf8") !== text);
  // A difference of a thousand lines says less than the command that mends it.
  expect(
    stale.map(([path]) => `${path} is out of date: run scripts/client-types, and commit what it writes`),
  ).toEqual([]);
});

test("C04: every answer, frame and event has its type, and none of them is anything at all", () => {
  const types = readFileSync(generatedPath, "utf8");
  const answers = routeTable(rig.parts).filter(
    ({ path, responses }) =>
      path.startsWith("/api/") && responses.some(({ mediaType }) => mediaType === "application/json"),
  );
  expect(answers.length).toBeGreaterThan(30);
  const named = [
    ...answers.map(({ method, path }) => `"${method} ${pathTemplate(path)}":`),
    ...[...clientFrameTypes, ...Object.keys(serverFrameSchemas), ...eventTypes].map(
      (type) => `type: "${type}";`,
    ),
  ];
  expect(named.filter((name) => !types.includes(name))).toEqual([]);
  expect(types).not.toMatch(/\bany\b[;[]|: \{\};/);
});
