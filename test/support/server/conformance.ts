import { Ajv, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { asyncApiDocument } from "../../../server/http/documents/asyncapi.ts";
import type { OpenApiDocument } from "../../../server/http/documents/openapi.ts";
import { recordSample } from "../../golden/samples.ts";

/** An answer as it came over the wire. */
export interface SeenAnswer {
  method: string;
  /** With or without a query. */
  path: string;
  status: number;
  contentType: string | null | undefined;
  text: string;
}

interface Media {
  content?: Record<string, { schema: object }>;
  $ref?: string;
}

/**
 * Holds answers to the OpenAPI document: the status is named there for the route, the media type for the status, and the
 * body is what the schema says, with no field that the document does not know. What no route answered (an unknown address,
 * another method) has to be a problem document.
 */
export class Conformance {
  readonly #document: OpenApiDocument;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });
  readonly #routes: Array<{ method: string; pattern: RegExp; template: string; parameters: number }>;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(document: OpenApiDocument) {
    this.#document = closed(document) as OpenApiDocument;
    this.#ajv.addSchema(this.#document, "api");
    this.#routes = Object.entries(document.paths).flatMap(([template, operations]) =>
      Object.keys(operations).map((method) => ({
        method: method.toUpperCase(),
        pattern: new RegExp(`^${template.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}/?$`, "i"),
        template,
        parameters: template.split("{").length,
      })),
    );
    // A named segment comes before a parameter in its place.
    this.#routes.sort((a, b) => a.parameters - b.parameters);
  }

  /** What is wrong with the answer, or `undefined`. */
  faultOf(seen: SeenAnswer): string | undefined {
    const method = seen.method === "HEAD" ? "GET" : seen.method;
    // Slashes too many mean nothing to the server.
    const path = seen.path
      .replace(/[?#].*$/s, "")
      .replace(/\/{2,}/g, "/")
      .replace(/(.)\/$/, "$1");
    const route = this.#routes.find((known) => known.method === method && known.pattern.test(path));
    // OPTIONS is answered by the router for every route, without a body.
    if (method === "OPTIONS" && seen.status === 204) return undefined;
    const tell = (fault: string) =>
      `${seen.method} ${route?.template ?? path} answered ${seen.status}: ${fault}. The answer: ${seen.text.slice(0, 2_000)}`;

    const responses = route
      ? (this.#document.paths[route.template]![method.toLowerCase()]!.responses as Record<string, Media>)
      : undefined;
    const openAi = /^\/(v1|stats)(\/|$)/i.test(path);
    const refusal = { $ref: `#/components/responses/${openAi ? "OpenAiError" : "Problem"}` };
    const response =
      responses && seen.status !== 405
        ? // The document's 4XX and 5XX are for its readers' peace of mind; here every refusal has to be named.
          (responses[seen.status] ?? (seen.status >= 500 ? responses["5XX"] : undefined))
        : seen.status >= 400
          ? refusal
          : undefined;
    if (response === undefined) return tell("the document does not name this status");
    // Nothing comes with a HEAD, and 204 is the word that there is nothing.
    if (seen.method === "HEAD" || seen.status === 204) return undefined;
    const mediaType = (seen.contentType ?? "").split(";")[0]!.trim();
    const media = this.#at(response).content?.[mediaType];
    if (media === undefined) return tell(`the document does not name the media type "${mediaType}"`);
    const pointer = response.$ref
      ? `${response.$ref}/content/${pointerPart(mediaType)}/schema`
      : `#/paths/${pointerPart(route!.template)}/${method.toLowerCase()}/responses/${seen.status}/content/${pointerPart(mediaType)}/schema`;
    for (const unit of unitsOf(mediaType, seen.text)) {
      const fault = this.#mismatch(pointer, unit);
      if (fault !== undefined) return tell(fault);
      if (mediaType === "application/problem+json")
        recordSample({ kind: "problems", name: (unit as { code: string }).code, body: unit });
      else if (mediaType === "application/json" && route && !route.template.endsWith(".json"))
        recordSample({ kind: "answers", name: `${method} ${route.template} ${seen.status}`, body: unit });
    }
    return undefined;
  }

  #at(response: Media): Media {
    if (response.$ref === undefined) return response;
    const name = response.$ref.split("/").at(-1)!;
    return (this.#document.components.responses as Record<string, Media>)[name]!;
  }

  #mismatch(pointer: string, value: unknown): string | undefined {
    let validate = this.#validators.get(pointer);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `api${pointer}` });
      this.#validators.set(pointer, validate);
    }
    return validate(value) ? undefined : this.#ajv.errorsText(validate.errors, { dataVar: "body" });
  }
}

const frameValidators = new Map<string, ValidateFunction>();

/** What is wrong with a frame of the server by the AsyncAPI document, or `undefined`. */
export function frameFault(frame: { type: string }): string | undefined {
  if (frameValidators.size === 0) {
    const document = closed(asyncApiDocument("0")) as { components: { messages: Record<string, object> } };
    const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false });
    ajv.addSchema(document, "socket");
    for (const type of Object.keys(document.components.messages)) {
      frameValidators.set(type, ajv.compile({ $ref: `socket#/components/messages/${type}/payload` }));
    }
  }
  const validate = frameValidators.get(frame.type);
  if (validate === undefined) return `The document does not name the frame ${frame.type}.`;
  if (validate(frame)) {
    recordSample({ kind: "frames", name: frame.type, body: frame });
    if ("event" in frame)
      recordSample({ kind: "events", name: (frame.event as { type: string }).type, body: frame.event });
    return undefined;
  }
  const faults = validate.errors?.map((error) => `${error.instancePath} ${error.message}`).join("; ");
  return `A frame is not as the document says: ${faults}. The frame: ${JSON.stringify(frame).slice(0, 2_000)}`;
}

/** What the schema is of: the whole, or each line, or each event of a stream. */
function unitsOf(mediaType: string, text: string): unknown[] {
  const isDone = (line: string) => line === "[DONE]";
  switch (mediaType) {
    case "application/json":
    case "application/problem+json":
      return [JSON.parse(text)];
    case "application/x-ndjson":
      return text
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    case "text/event-stream":
      return text
        .split("\n")
        .filter((line) => line.startsWith("data: "))
        .map((line) => line.slice(6))
        .filter((line) => !isDone(line))
        .map((line) => JSON.parse(line));
    default:
      return [text];
  }
}

/** JSON pointer (RFC 6901) inside a URI fragment. */
const pointerPart = (part: string): string =>
  encodeURIComponent(part.replace(/~/g, "~0").replace(/\//g, "~1"));

/** The same with every described object closed: clients tolerate what they do not know, the tests do not. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== "object" || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]));
  if (copy.type === "object" && copy.properties !== undefined && copy.additionalProperties === undefined) {
    copy.additionalProperties = false;
  }
  return copy;
}
