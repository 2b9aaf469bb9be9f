import { type ErrorCode, errorCatalogue } from "../../domain/errors.ts";
import type { JsonSchema, SchemaComponents } from "../../wire/jsonSchema.ts";
import { openAiErrorSchema, problemSchema } from "../../wire/problem.ts";
import { errorsByStatus } from "../framework/errorSets.ts";
import { speaksOpenAi } from "../framework/problem.ts";
import type { Route } from "../framework/route.ts";

/** The two shapes of a refusal (docs/api.md, Errors). */
const shapes = {
  Problem: {
    mediaType: "application/problem+json",
    description: "The refusal or failure.",
    narrow: (code: JsonSchema) => ({ properties: { code } }),
  },
  OpenAiError: {
    mediaType: "application/json",
    description: "The refusal or failure, in OpenAI's shape.",
    narrow: (code: JsonSchema) => ({ properties: { error: { properties: { code } } } }),
  },
} as const;
type Shape = keyof typeof shapes;

const headers = {
  "X-Request-Id": { $ref: "#/components/headers/RequestId" },
  "Retry-After": { $ref: "#/components/headers/RetryAfter" },
};

/** A status with more codes than this gets no component of its own: its name would be too long to read. */
const mostNamed = 3;

/** Error responses of an OpenAPI document. Those that many routes share are written once, as components. */
export class ErrorResponses {
  readonly #named = new Map<string, JsonSchema>();

  constructor(components: SchemaComponents) {
    components.describe(problemSchema);
    components.describe(openAiErrorSchema);
    for (const shape of Object.keys(shapes) as Shape[]) {
      const { description, mediaType } = shapes[shape];
      const content = { [mediaType]: { schema: { $ref: `#/components/schemas/${shape}` } } };
      this.#named.set(shape, { description, headers, content });
    }
  }

  /** The refusals of a route that are to be reckoned with, each status with its codes, and any other by its shape. */
  of(route: Route): Record<string, JsonSchema> {
    const shape: Shape = speaksOpenAi(route.path) ? "OpenAiError" : "Problem";
    const any = { $ref: `#/components/responses/${shape}` };
    const listed = [...errorsByStatus(route)].map(([status, codes]) => [status, this.#one(shape, codes)]);
    return { ...Object.fromEntries(listed), "4XX": any, "5XX": any };
  }

  /** Everything that was referred to. */
  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #one(shape: Shape, codes: readonly ErrorCode[]): JsonSchema {
    const { mediaType, narrow } = shapes[shape];
    const response = {
      description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join(" "),
      headers,
      content: {
        [mediaType]: {
          schema: { allOf: [{ $ref: `#/components/schemas/${shape}` }, narrow({ enum: [...codes] })] },
        },
      },
    };
    if (codes.length > mostNamed) return response;
    const name = `${shape === "Problem" ? "" : "OpenAi"}${codes.map(capitalised).join("Or")}`;
    this.#named.set(name, response);
    return { $ref: `#/components/responses/${name}` };
  }
}

/** `session_not_found` -> `SessionNotFound`. */
const capitalised = (code: string): string =>
  code
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
