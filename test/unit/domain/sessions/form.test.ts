import { describe, expect, test } from "@jest/globals";
import {
  type Form,
  type FormValue,
  formContent,
  formFaults,
  formOf,
} from "../../../../server/domain/sessions/form.ts";

const request = (properties: Record<string, unknown>, required: unknown = []) => ({
  serverName: "forms",
  message: "Who are you?",
  mode: "form" as const,
  requestedSchema: { type: "object", properties, required } as Record<string, unknown>,
});

function fieldsOf(properties: Record<string, unknown>, required?: unknown) {
  const made = formOf(request(properties, required));
  if ("unfit" in made) throw new Error(made.unfit);
  return made.form.fields;
}

const formWith = (properties: Record<string, unknown>, required?: unknown): Form => ({
  message: "",
  fields: fieldsOf(properties, required),
});

describe("a form of an MCP server", () => {
  test("REPORT-7 every kind of field that MCP knows is shown", () => {
    const fields = fieldsOf(
      {
        name: {
          type: "string",
          title: "Your name",
          description: "As on a letter",
          minLength: 2,
          maxLength: 9,
        },
        mail: { type: "string", format: "email" },
        age: { type: "integer", minimum: 1, maximum: 150 },
        size: { type: "number", default: 1.5 },
        sure: { type: "boolean", default: true },
        colour: { type: "string", enum: ["red", "green"], enumNames: ["Red", "Green"], default: "red" },
        fruit: { type: "string", oneOf: [{ const: "a", title: "Apple" }] },
        many: { type: "array", items: { type: "string", enum: ["x", "y"] }, minItems: 1, maxItems: 2 },
        some: { type: "array", items: { anyOf: [{ const: "p", title: "Pear" }] } },
      },
      ["name"],
    );
    expect(fields).toEqual([
      {
        name: "name",
        label: "Your name",
        description: "As on a letter",
        type: "text",
        required: true,
        min: 2,
        max: 9,
      },
      { name: "mail", label: "mail", type: "text", required: false, format: "email" },
      { name: "age", label: "age", type: "integer", required: false, min: 1, max: 150 },
      { name: "size", label: "size", type: "number", required: false, default: 1.5 },
      { name: "sure", label: "sure", type: "boolean", required: false, default: true },
      {
        name: "colour",
        label: "colour",
        type: "choice",
        required: false,
        default: "red",
        options: [
          { value: "red", label: "Red" },
          { value: "green", label: "Green" },
        ],
      },
      {
        name: "fruit",
        label: "fruit",
        type: "choice",
        required: false,
        options: [{ value: "a", label: "Apple" }],
      },
      {
        name: "many",
        label: "many",
        type: "choices",
        required: false,
        min: 1,
        max: 2,
        options: [
          { value: "x", label: "x" },
          { value: "y", label: "y" },
        ],
      },
      {
        name: "some",
        label: "some",
        type: "choices",
        required: false,
        options: [{ value: "p", label: "Pear" }],
      },
    ]);
  });

  test("a default that does not fit its own field is none", () => {
    expect(fieldsOf({ age: { type: "integer", default: "old" } })[0]).not.toHaveProperty("default");
    expect(fieldsOf({ colour: { type: "string", enum: ["red"], default: "blue" } })[0]).not.toHaveProperty(
      "default",
    );
  });

  test.each([
    ["nested objects", { a: { type: "object", properties: {} } }],
    ["a list of anything", { a: { type: "array", items: { type: "string" } } }],
    ["options that are no texts", { a: { type: "string", enum: [1, 2] } }],
    [
      "a thousand options",
      { a: { type: "string", enum: Array.from({ length: 1_000 }, (_, index) => `${index}`) } },
    ],
    ["no type", { a: {} }],
    ["a schema that is none", { a: "text" }],
    ["a name that objects treat as their own", JSON.parse('{"__proto__":{"type":"string"}}')],
    ["a name of a million characters", { ["a".repeat(1_000_000)]: { type: "string" } }],
  ])(
    "REPORT-7 a hostile schema is bounded: %s is left out, and a form that requires it is not shown",
    (_what, properties) => {
      const record = properties as Record<string, unknown>;
      expect(fieldsOf(record)).toEqual([]);
      expect(formOf(request(record, Object.keys(record)))).toHaveProperty("unfit");
    },
  );

  test("REPORT-7 a form of ten thousand fields is not shown", () => {
    const properties = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`f${index}`, { type: "string" }]),
    );
    expect(formOf(request(properties))).toHaveProperty("unfit");
  });

  test("hidden characters of the server are shown as escapes, and its words are bounded", () => {
    const made = formOf({ serverName: "a\u202eb", message: `x\u200b${"y".repeat(100_000)}` });
    expect(made).toMatchObject({ form: { server: "a\\u{202e}b", fields: [] } });
    expect("form" in made && made.form.message.startsWith("x\\u{200b}y")).toBe(true);
    expect("form" in made && made.form.message.length).toBeLessThan(11_000);
  });

  test("REPORT-7 an address is shown whole, in the spelling that a browser goes to", () => {
    const urlForm = (url: string) => formOf({ serverName: "s", message: "Sign in", mode: "url", url });
    expect(urlForm("https://example.com/login?a=1")).toEqual({
      form: { message: "Sign in", server: "s", url: "https://example.com/login?a=1", fields: [] },
    });
    expect(urlForm("https://exаmple.com/")).toMatchObject({ form: { url: "https://xn--exmple-4nf.com/" } });
  });

  test.each([
    "http://example.com/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "https://example.com@evil.test/",
    "no address",
    `https://example.com/${"a".repeat(5_000)}`,
  ])("REPORT-7 the address %.40s is not shown", (url) => {
    expect(formOf({ serverName: "s", message: "", mode: "url", url })).toHaveProperty("unfit");
  });
});

describe("answers to a form", () => {
  const form = formWith(
    {
      name: { type: "string", minLength: 2, maxLength: 4 },
      age: { type: "integer", minimum: 1, maximum: 150 },
      size: { type: "number" },
      sure: { type: "boolean" },
      colour: { type: "string", enum: ["red", "green"] },
      many: { type: "array", items: { enum: ["x", "y", "z"] }, minItems: 1, maxItems: 2 },
      mail: { type: "string", format: "email" },
      link: { type: "string", format: "uri" },
      day: { type: "string", format: "date" },
      at: { type: "string", format: "date-time" },
    },
    ["name"],
  );

  test("REPORT-7 answers that fit are taken, and those left out are not sent", () => {
    const answers = {
      age: 7,
      name: "Ann",
      many: ["x"],
      sure: false,
      day: "2028-02-29",
      at: "2026-01-31T09:30:00+01:00",
    };
    expect(formFaults(form, answers)).toEqual([]);
    expect(Object.keys(formContent(form, answers))).toEqual(["name", "age", "sure", "many", "day", "at"]);
  });

  test.each<[Record<string, FormValue>, string]>([
    [{}, "answers.name"],
    [{ name: "A" }, "answers.name"],
    [{ name: "Annie" }, "answers.name"],
    [{ name: 5 }, "answers.name"],
    [{ name: "Ann", age: "7" }, "answers.age"],
    [{ name: "Ann", age: 7.5 }, "answers.age"],
    [{ name: "Ann", age: 0 }, "answers.age"],
    [{ name: "Ann", age: 151 }, "answers.age"],
    [{ name: "Ann", size: Number.POSITIVE_INFINITY }, "answers.size"],
    [{ name: "Ann", sure: "true" }, "answers.sure"],
    [{ name: "Ann", colour: "blue" }, "answers.colour"],
    [{ name: "Ann", many: [] }, "answers.many"],
    [{ name: "Ann", many: ["x", "x"] }, "answers.many"],
    [{ name: "Ann", many: ["x", "y", "z"] }, "answers.many"],
    [{ name: "Ann", many: "x" }, "answers.many"],
    [{ name: "Ann", mail: "ann" }, "answers.mail"],
    [{ name: "Ann", link: "example" }, "answers.link"],
    [{ name: "Ann", day: "2026-02-30" }, "answers.day"],
    [{ name: "Ann", at: "2026-01-31" }, "answers.at"],
    [{ name: "Ann", other: "x" }, "answers.other"],
    [{ name: "Ann", toString: "x" }, "answers.toString"],
  ])("REPORT-7 the answers %j do not fit: %s", (answers, path) => {
    expect(formFaults(form, answers).map((fault) => fault.path)).toEqual([path]);
  });

  test("a text is counted in characters", () => {
    expect(formFaults(form, { name: "🙂🙂🙂🙂" })).toEqual([]);
  });
});
