import { z } from "zod";

/** OpenAPI 3.1 speaks the dialect 2020-12, AsyncAPI 3 a superset of draft 7. */
export type Dialect = "draft-2020-12" | "draft-07";
export type JsonSchema = { [keyword: string]: unknown };

/**
 * JSON Schema components of a document, made from the zod schemas that parse requests. A schema with an `id` in its metadata becomes a component
 * of the document, named once and referred to; its neighbours stay where they are.
 *
 * It describes the JSON that goes over the wire: the side of a schema that comes before its transforms.
 */
export class SchemaComponents {
  readonly #named = new Map<string, JsonSchema>();
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** The schema, with references to components instead of their text. */
  describe(schema: z.ZodType): JsonSchema {
    const { $schema: _dialect, $defs, definitions = $defs, ...described } = onTheWire(schema, this.#dialect);
    for (const [name, component] of Object.entries(definitions ?? {})) this.#named.set(name, component);
    return described;
  }

  /** Everything that was referred to so far, in the order of the names. */
  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

type Named = Record<string, JsonSchema>;

function onTheWire(schema: z.ZodType, target: Dialect): JsonSchema & { $defs?: Named; definitions?: Named } {
  const converted = z.toJSONSchema(schema, {
    io: "input",
    target,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // zod writes the bounds of what a double can count to; no reader learns anything from them.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      // A number in a query string: a pattern says nothing about a value that is declared to be a number.
      if (jsonSchema.type === "integer" || jsonSchema.type === "number") delete jsonSchema.pattern;
    },
  });
  return JSON.parse(
    JSON.stringify(converted).replace(/"#\/(?:\$defs|definitions)\//g, '"#/components/schemas/'),
  );
}
