import { compile } from "json-schema-to-typescript";

export type Schema = { [keyword: string]: unknown };
interface Content {
  content?: { [mediaType: string]: { schema: Schema } };
}
interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: Array<{ name: string; in: string; required?: boolean; schema: Schema }>;
  requestBody?: Content;
  responses: { [status: string]: Content };
}

/** What is read of the server's OpenAPI document. */
export interface HttpDocument {
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: Schema } };
}

/** What is read of the server's AsyncAPI document. */
export interface SocketDocument {
  operations: { [name: string]: { action: string; messages: Array<{ $ref: string }> } };
  components: {
    schemas: { [name: string]: Schema };
    messages: { [name: string]: { summary?: string; payload: Schema } };
  };
}

const banner = `// Written by scripts/client-types from the OpenAPI and AsyncAPI documents that the server serves: do not edit it here.
// A server may be newer than this file: fields, events, frames and codes that are not in it are to be tolerated.`;

/** Tools that speak OpenAI's protocol have clients of their own. */
const isOurs = (path: string) => path.startsWith("/api/") || path === "/health";

/**
 * The TypeScript of everything that goes between a server and its clients: the named schemas of both documents, every
 * frame, and what each request sends and is answered with. Not formatted.
 */
export async function clientTypes(http: HttpDocument, socket: SocketDocument): Promise<string> {
  const definitions = apiDefinitions(http, socket);
  const operations = ownOperations(http);
  const root = {
    description: "Everything that goes between a server and its clients.",
    ...objectOf({
      queries: {
        description: "What a request says in its query.",
        ...objectOf(present(operations.map(([name, operation]) => [name, queryOf(operation)]))),
      },
      bodies: {
        description: "What a request says in its body.",
        ...objectOf(present(operations.map(([name, operation]) => [name, bodyOf(operation)]))),
      },
      answers: {
        description: "What a request is answered with, if it is not refused with a Problem.",
        ...objectOf(present(operations.map(([name, operation]) => [name, answerOf(operation)]))),
      },
      problem: { $ref: "#/definitions/Problem" },
      clientFrame: { $ref: "#/definitions/ClientFrame" },
      serverFrame: { $ref: "#/definitions/ServerFrame" },
    }),
    definitions,
  };
  const text = JSON.stringify(withoutBounds(root)).replaceAll("#/components/schemas/", "#/definitions/");
  return compile(JSON.parse(text), "Api", {
    additionalProperties: false,
    bannerComment: banner,
    // Done by the formatter of the rest of the tree.
    format: false,
  });
}

/** The named schemas of both documents and every frame. */
export function apiDefinitions(http: HttpDocument, socket: SocketDocument): { [name: string]: Schema } {
  return { ...http.components.schemas, ...socket.components.schemas, ...framesOf(socket) };
}

/** Our own requests: `POST /api/chat` and what it is. */
const ownOperations = (http: HttpDocument) =>
  Object.entries(http.paths)
    .filter(([path]) => isOurs(path))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    );

/** Bodies and answers that have no name of their own, named after their operation: `PostChatRequest`, `GetSessionsResponse`. */
export function operationDefinitions(http: HttpDocument): { [name: string]: Schema } {
  const named = ownOperations(http).flatMap(([name, operation]) => {
    const id = operation.operationId ?? name;
    return [
      [`${id.charAt(0).toUpperCase()}${id.slice(1)}Request`, bodyOf(operation)],
      [`${id.charAt(0).toUpperCase()}${id.slice(1)}Response`, answerOf(operation)],
    ] as Array<[string, Schema | undefined]>;
  });
  return Object.fromEntries(Object.entries(present(named)).filter(([, schema]) => !("$ref" in schema)));
}

/** `hello` -> `HelloFrame`; those that a client sends are one type, those that it gets another. */
function framesOf({ components, operations }: SocketDocument): { [name: string]: Schema } {
  const sent = new Set(
    Object.values(operations)
      .filter(({ action }) => action === "receive")
      .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split("/").at(-1))),
  );
  const names = Object.keys(components.messages);
  const anyOf = (chosen: string[]) => ({
    anyOf: chosen.map((name) => ({ $ref: `#/definitions/${frameName(name)}` })),
  });
  return {
    ...Object.fromEntries(
      Object.entries(components.messages).map(([name, { summary, payload }]) => [
        frameName(name),
        { ...payload, ...(summary === undefined ? {} : { description: summary }) },
      ]),
    ),
    ClientFrame: anyOf(names.filter((name) => sent.has(name))),
    ServerFrame: anyOf(names.filter((name) => !sent.has(name))),
  };
}

const frameName = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Frame`;

function queryOf(operation: Operation): Schema | undefined {
  const fields = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  if (fields.length === 0) return undefined;
  return described(operation, {
    type: "object",
    properties: Object.fromEntries(fields.map(({ name, schema }) => [name, schema])),
    required: fields.filter(({ required }) => required).map(({ name }) => name),
  });
}

const bodyOf = (operation: Operation) => described(operation, jsonOf(operation.requestBody));

function answerOf(operation: Operation): Schema | undefined {
  const schemas = Object.entries(operation.responses)
    .filter(([status]) => status.startsWith("2"))
    .map(([, answer]) => jsonOf(answer))
    .filter((schema) => schema !== undefined);
  // The same one by two statuses is one.
  const byText = new Map(schemas.map((schema): [string, Schema] => [JSON.stringify(schema), schema]));
  const different = [...byText.values()];
  return described(operation, different.length > 1 ? { anyOf: different } : different[0]);
}

const jsonOf = (content: Content | undefined) => content?.content?.["application/json"]?.schema;

function described({ summary }: Operation, schema: Schema | undefined): Schema | undefined {
  if (schema === undefined || summary === undefined) return schema;
  // Beside a reference a description would make a type of its own.
  return "$ref" in schema ? schema : { ...schema, description: summary };
}

function present(entries: Array<[string, Schema | undefined]>): { [name: string]: Schema } {
  return Object.fromEntries(entries.filter((entry): entry is [string, Schema] => entry[1] !== undefined));
}

const objectOf = (properties: { [name: string]: Schema }): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});

/** Without what a type cannot say, and the compiler would put into comments or tuples. */
function withoutBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutBounds);
  if (typeof schema !== "object" || schema === null) return schema;
  const { minItems: _min, maxItems: _max, ...rest } = schema as Schema;
  if (rest.type === "object" && isEmpty(rest.properties) && rest.additionalProperties === undefined)
    return { ...rest, tsType: "Record<string, never>" };
  return Object.fromEntries(Object.entries(rest).map(([keyword, value]) => [keyword, withoutBounds(value)]));
}

const isEmpty = (properties: unknown) =>
  properties !== undefined && Object.keys(properties as object).length === 0;
