import {
  apiDefinitions,
  clientTypes,
  type HttpDocument,
  operationDefinitions,
  type Schema,
  type SocketDocument,
} from "./clientTypes.ts";
import { formatted, generatedPath } from "./format.ts";
import { swiftModels } from "./swiftModels.ts";

const specification = "ios-client-spec";

/**
 * Every file that is made from the documents that the server serves, by its path from the root of the tree: the TypeScript
 * client's types, the schemas of the iOS specification and DaylongKit's models. To be called in the root of the tree.
 */
export async function generatedFiles(
  http: HttpDocument,
  socket: SocketDocument,
): Promise<{ [path: string]: string }> {
  const definitions = { ...apiDefinitions(http, socket), ...operationDefinitions(http) };
  const schemas = (name: string) => `${specification}/schemas/${name}.json`;
  // The version of the program is in both: a release changes no schema.
  const unversioned = (document: object) => ({
    ...document,
    info: { ...(document as { info: object }).info, version: "1" },
  });
  return {
    [generatedPath]: formatted(generatedPath, await clientTypes(http, socket)),
    [schemas("openapi")]: json(unversioned(http)),
    [schemas("asyncapi")]: json(unversioned(socket)),
    [schemas("daylong")]: json(bundle(definitions)),
    [`${specification}/swift/Sources/DaylongKit/Models/API.generated.swift`]: swiftModels(definitions),
  };
}

/** One JSON Schema whose definitions are all frames, events, problems, payloads, requests and answers. */
const bundle = (definitions: { [name: string]: Schema }) => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Daylong",
  description: "Everything that goes between a server and its clients. Unknown fields are to be tolerated.",
  definitions: JSON.parse(JSON.stringify(definitions).replaceAll("#/components/schemas/", "#/definitions/")),
});

const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
