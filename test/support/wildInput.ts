import fc from "fast-check";

type Schema = { [keyword: string]: unknown };
/** Where references of the schemas lead. */
export interface SchemaBook {
  components: { schemas: Record<string, Schema> };
}

/** Texts that somebody's parser, path, query, log line or prototype has stumbled over before. */
const awkwardTexts = [
  "",
  " ",
  "me",
  "..",
  "../../etc/passwd",
  "/",
  "a/b",
  "%00",
  "%",
  "\u0000",
  "\n",
  "\ud83d",
  "😀",
  "__proto__",
  "constructor",
  "null",
  "-1",
  "1e999",
  "'; DROP TABLE sessions; --",
  "x".repeat(5_000),
];

const anyText = fc.oneof(fc.constantFrom(...awkwardTexts), fc.string({ unit: "binary" }), fc.uuid());

const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.constantFrom(-1, 0, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300),
);

/** Any JSON, with keys that are none of the schema's business. */
const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.dictionary(
    fc.constantFrom("__proto__", "constructor", "toString", "type", "id"),
    fc.jsonValue({ maxDepth: 1 }),
  ),
);

/** What exists, by the name of the field or parameter that asks for it; `""`: for every other name. */
export type Known = Readonly<Record<string, readonly string[]>>;

/** How a value is made: `tame` ones are what the schema wants, in others something is wrong here and there. */
interface Manner {
  processStore: SchemaBook;
  known: Known;
  tame: boolean;
}

function valueFor(schema: Schema, manner: Manner, name = ""): fc.Arbitrary<unknown> {
  const right = rightFor(schema, manner, name);
  return manner.tame ? right : fc.oneof({ arbitrary: right, weight: 8 }, { arbitrary: anyJson, weight: 1 });
}

function rightFor(schema: Schema, manner: Manner, name: string): fc.Arbitrary<unknown> {
  if (typeof schema.$ref === "string") {
    const target = manner.processStore.components.schemas[schema.$ref.split("/").at(-1)!];
    return target ? valueFor(target, manner, name) : anyJson;
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const choices = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (choices) return fc.oneof(...choices.map((choice) => valueFor(choice, manner, name)));
  switch (schema.type) {
    case "string":
      return manner.tame ? knownText(manner.known, name) : wildText(manner.known, name);
    case "integer":
    case "number":
      return manner.tame ? numberIn(schema) : fc.oneof(numberIn(schema), anyNumber);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valueFor((schema.items ?? {}) as Schema, manner, name), { maxLength: 6 });
    case "object":
      return objectFor(schema, manner);
    default:
      return anyJson;
  }
}

const numberIn = ({ minimum = 0, maximum = 1_000 }: Schema) =>
  fc.integer({ min: Math.ceil(Number(minimum)), max: Math.max(1, Math.min(Number(maximum), 100_000)) });

const knownText = (known: Known, name: string) => fc.constantFrom(...(known[name] ?? known[""] ?? ["x"]));

/** A part of an address, or a text where one is asked for. */
export const wildText = (known: Known, name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { arbitrary: knownText(known, name), weight: 4 },
    { arbitrary: fc.constantFrom(...Object.values(known).flat()), weight: 1 },
    { arbitrary: anyText, weight: 2 },
  );

function objectFor(schema: Schema, manner: Manner): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, valueFor(inner, manner, name)]),
  );
  const requiredKeys = (schema.required ?? []) as string[];
  const optional = Object.keys(fields).filter((name) => !requiredKeys.includes(name));
  // A few fields at a time: where all are there, one of them is always in the way of the others.
  const few = fc
    .subarray(optional, { maxLength: Math.min(2, optional.length) })
    .chain((names) =>
      fc.record(
        Object.fromEntries([...requiredKeys, ...names].map((name) => [name, fields[name] ?? anyJson])),
      ),
    );
  if (manner.tame) return few;
  // What is required is left out now and then.
  return fc.oneof(few, fc.record(fields, { requiredKeys }), fc.record(fields, { requiredKeys: [] }));
}

/** Bodies that are no JSON, or none that anybody means. */
const foreignBody = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "{",
    "nul",
    "[1,2",
    '{"message":"\\ud83d"}',
    '{"a":1,"a":2}',
    "\ufeff{}",
    "1e999",
    // Deep enough to overrun a reader that descends without a limit.
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    `{"message":"m","updatedInput":${'{"a":'.repeat(8_000)}1${"}".repeat(8_000)},"decision":"allow"}`,
    `{"x":"${"y".repeat(300_000)}"}`,
  ),
);

/** The text of a body for a schema. */
export function wildBody(schema: Schema, processStore: SchemaBook, known: Known): fc.Arbitrary<string> {
  const textOf = (tame: boolean) =>
    valueFor(schema, { processStore, known, tame }).map((value) => JSON.stringify(value) ?? "");
  return fc.oneof(
    { arbitrary: textOf(true), weight: 3 },
    { arbitrary: textOf(false), weight: 4 },
    { arbitrary: foreignBody, weight: 1 },
  );
}
