import { type JsonSchema, SchemaComponents } from "../../wire/jsonSchema.ts";
import type { Route } from "../framework/route.ts";
import { bodyExample } from "./bodyExamples.ts";
import { ErrorResponses } from "./errorResponses.ts";
import { operationId, pathTemplate, tagOf, tags } from "./operationNames.ts";

/** An OpenAPI 3.1 document: https://spec.openapis.org/oas/v3.1.1.html. */
export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, JsonSchema>>;
  components: { schemas: Record<string, JsonSchema>; [kind: string]: unknown };
  [field: string]: unknown;
}

const introduction = `Daylong keeps Claude sessions alive on the computer it runs on and brings them to its owner's phone.

Instants (names in At) are integer milliseconds since the Unix epoch; names in Ms, Bytes and Percent say their unit.
Unknown request fields are ignored, and unknown response fields must be tolerated. Every refusal is a problem document
(RFC 9457) whose code is of one catalogue; under /v1 and /stats it has OpenAI's shape. Events also come over the
WebSocket at /ws, which /api/asyncapi.json describes.`;

/** Describes every route of the table by the schemas that parse its requests and check its answers. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const components = new SchemaComponents("draft-2020-12");
  const refusals = new ErrorResponses(components);
  const paths: OpenApiDocument["paths"] = {};
  for (const route of routes) {
    const path = pathTemplate(route.path);
    paths[path] ??= {};
    paths[path][route.method.toLowerCase()] = operation(route, components, refusals);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Daylong",
      version,
      description: introduction,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The server that serves this document." }],
    tags: tags.filter((tag) => routes.some((route) => tagOf(route.path) === tag.name)),
    security: [{ token: [] }],
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A device's token, which it gets once by pairing. Never accepted in an address.",
        },
      },
      headers: {
        RequestId: {
          description: "The caller's own X-Request-Id if it is sane, else a new one. Problems repeat it.",
          schema: { type: "string" },
        },
        RetryAfter: {
          description: "Seconds after which the same request may succeed, where that is known.",
          schema: { type: "integer", minimum: 1 },
        },
      },
      responses: refusals.all(),
      schemas: components.all(),
    },
  };
}

function operation(route: Route, components: SchemaComponents, refusals: ErrorResponses): JsonSchema {
  return {
    operationId: operationId(route),
    ...words(route),
    tags: [tagOf(route.path)],
    ...(route.scope === "open" ? { security: [] } : {}),
    ...parameters(route, components),
    ...requestBody(route, components),
    // A status may be a success of the route and a refusal of its kind: what the route says goes before.
    responses: { ...refusals.of(route), ...successes(route, components) },
  };
}

/** A summary is a line of plain text (renderers take no Markdown there): the first sentence; all of it is the description's. */
function words({ summary, scope }: Route): { summary: string; description?: string } {
  const plain = summary.replaceAll("`", "");
  const first = plain.match(/^.*?[.](?= |$)/)?.[0] ?? plain;
  const needs = scope === "open" ? [] : [`Needs a token of the scope ${scope}.`];
  const description = [...(first === summary ? [] : [summary]), ...needs].join(" ");
  return description === "" ? { summary: first } : { summary: first, description };
}

function parameters(route: Route, components: SchemaComponents): { parameters?: JsonSchema[] } {
  const headers = Object.entries(route.headers)
    // OpenAPI has the body's content say this one.
    .filter(([name]) => name.toLowerCase() !== "content-type")
    .map(([name, description]) => ({ name, in: "header", description, schema: { type: "string" } }));
  const found = [...fields("path", route, components), ...fields("query", route, components), ...headers];
  return found.length === 0 ? {} : { parameters: found };
}

function fields(place: "path" | "query", route: Route, components: SchemaComponents): JsonSchema[] {
  const schema = place === "path" ? route.params : route.query;
  if (schema === undefined) return [];
  const described = components.describe(schema) as {
    properties?: Record<string, JsonSchema>;
    required?: string[];
  };
  return Object.entries(described.properties ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path" || (described.required ?? []).includes(name),
    schema: field,
  }));
}

function requestBody(route: Route, components: SchemaComponents): { requestBody?: JsonSchema } {
  if (route.takesBytes) {
    return {
      requestBody: { required: true, content: { "*/*": { schema: { type: "string", format: "binary" } } } },
    };
  }
  if (route.body === undefined) return {};
  return {
    requestBody: {
      // No body means one without fields.
      required: !route.body.safeParse({}).success,
      content: {
        "application/json": { schema: components.describe(route.body), example: bodyExample(route) },
      },
    },
  };
}

function successes(route: Route, components: SchemaComponents): Record<string, JsonSchema> {
  const byStatus: Record<string, JsonSchema & { content: Record<string, JsonSchema> }> = {};
  for (const { status, mediaType, schema } of route.responses) {
    byStatus[status] ??= {
      description: descriptionOf(status),
      headers: { "X-Request-Id": { $ref: "#/components/headers/RequestId" } },
      content: {},
    };
    byStatus[status].content[mediaType] = { schema: components.describe(schema) };
  }
  return byStatus;
}

function descriptionOf(status: number): string {
  if (status === 201) return "Made.";
  if (status === 202) return "Kept; it is on its way.";
  return status < 300 ? "Done." : "The answer, and the word that something is wrong.";
}
