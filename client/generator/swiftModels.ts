import type { Schema } from "./clientTypes.ts";

type Named = { [name: string]: Schema };

/** A property's or element's type in Swift; `isNullable`: JSON's null may stand in its place. */
interface SwiftType {
  name: string;
  isNullable: boolean;
}

const banner = `// Written by scripts/client-types from the OpenAPI and AsyncAPI documents that the server serves: do not edit it here.
// A server may be newer than this file. Unknown fields are passed over, an unknown value of an enumeration is its case
// \`unknown\`, and an unknown or changed member of a union keeps its JSON: none of them fails decoding.`;

/**
 * The Swift of everything that goes between a server and its clients, in the namespace \`API\`: a struct for every object, an
 * enumeration for every closed list of words, an enumeration with associated values for every union that a word tells
 * apart. What it needs besides (\`JSONValue\`, \`OpenEnum\`, \`Nullable\`) is written by hand in DaylongKit.
 */
export function swiftModels(definitions: Named): string {
  const declarations = Object.entries(definitions)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => indented(declarationOf(typeName(name), schema, definitions)));
  return `${banner}\n\nextension API {\n${declarations.join("\n\n")}\n}\n`;
}

function declarationOf(name: string, schema: Schema, all: Named): string {
  const words = wordsOf(schema);
  if (words !== undefined) return openEnum(name, words, schema);
  const variants = variantsOf(schema);
  if (variants !== undefined) return unionOf(name, schema, variants, all);
  if (schema.type === "object" && schema.properties !== undefined) return structOf(name, schema, all);
  const nested: string[] = [];
  const alias = typeOf(schema, name, nested, all);
  return [...docOf(schema), `public typealias ${name} = ${optional(alias)}`, ...nested].join("\n");
}

/** The words of a closed list of strings, which a newer server may have more of. */
function wordsOf(schema: Schema): string[] | undefined {
  return Array.isArray(schema.enum) && schema.enum.every((word) => typeof word === "string")
    ? (schema.enum as string[])
    : undefined;
}

/** The members of a union of at least two objects. */
function variantsOf(schema: Schema): Schema[] | undefined {
  const members = (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
  return members !== undefined && members.filter((member) => member.type !== "null").length > 1
    ? members
    : undefined;
}

function openEnum(name: string, words: string[], schema: Schema): string {
  const cases = words.map((word) => ({ word, name: memberName(word) }));
  return [
    ...docOf(schema),
    `public enum ${name}: OpenEnum {`,
    ...cases.map((one) => `  case ${one.name}`),
    "  /// A word of a newer server.",
    "  case unknown(String)",
    "",
    "  public init(rawValue: String) {",
    "    switch rawValue {",
    ...cases.map((one) => `    case ${quoted(one.word)}: self = .${one.name}`),
    "    default: self = .unknown(rawValue)",
    "    }",
    "  }",
    "",
    "  public var rawValue: String {",
    "    switch self {",
    ...cases.map((one) => `    case .${one.name}: ${quoted(one.word)}`),
    "    case .unknown(let word): word",
    "    }",
    "  }",
    "",
    `  public static let known: [${name}] = [${cases.map((one) => `.${one.name}`).join(", ")}]`,
    "}",
  ].join("\n");
}

function structOf(name: string, schema: Schema, all: Named): string {
  const properties = Object.entries((schema.properties ?? {}) as Named);
  const required = new Set((schema.required ?? []) as string[]);
  const nested: string[] = [];
  const fields = properties.map(([key, property]) => {
    const type = typeOf(property, nestedName(key, property, name), nested, all);
    const isOptional = !required.has(key);
    const constant = property.const;
    return {
      key,
      name: memberName(key),
      doc: docOf(property),
      type:
        isOptional && type.isNullable
          ? `Nullable<${type.name}>?`
          : `${type.name}${isOptional || type.isNullable ? "?" : ""}`,
      standard: initialOf(constant, isOptional || type.isNullable),
    };
  });
  const keys = fields.some((field) => field.name.replaceAll("`", "") !== field.key)
    ? [
        "",
        "  enum CodingKeys: String, CodingKey {",
        ...fields.map((field) =>
          field.name.replaceAll("`", "") === field.key
            ? `    case ${field.name}`
            : `    case ${field.name} = ${quoted(field.key)}`,
        ),
        "  }",
      ]
    : [];
  return [
    ...docOf(schema),
    `public struct ${name}: Codable, Sendable, Hashable {`,
    ...fields.flatMap((field) => [
      ...field.doc.map((line) => `  ${line}`),
      `  public var ${field.name}: ${field.type}`,
    ]),
    ...(fields.length === 0
      ? ["  public init() {}"]
      : [
          "",
          `  public init(${fields.map((field) => `${field.name}: ${field.type}${field.standard}`).join(", ")}) {`,
          ...fields.map((field) => `    self.${field.name} = ${field.name}`),
          "  }",
        ]),
    ...keys,
    ...nested.flatMap((declaration) => ["", indented(declaration)]),
    "}",
  ].join("\n");
}

function initialOf(constant: unknown, mayBeAbsent: boolean): string {
  if (mayBeAbsent) return " = nil";
  if (typeof constant === "string") return ` = ${quoted(constant)}`;
  return typeof constant === "boolean" || typeof constant === "number" ? ` = ${constant}` : "";
}

function unionOf(name: string, schema: Schema, members: Schema[], all: Named): string {
  const variants = members.map((member) => resolved(member, all));
  const words = variants.map((variant) => constantsOf(variant, all));
  if (words.includes(undefined)) return [...docOf(schema), `public typealias ${name} = JSONValue`].join("\n");
  const tag = discriminatorOf(words as Constants[]);
  if (tag === undefined) {
    return variants.every((variant) => variant.properties !== undefined)
      ? structOf(name, { ...schema, ...merged(variants) }, all)
      : [...docOf(schema), `public typealias ${name} = JSONValue`].join("\n");
  }
  const nested: string[] = [];
  const cases = variants.map((variant, index) => {
    const word = words[index]![tag]!;
    const own = members[index]!.$ref === undefined;
    const type = own ? typeName(word) : referenceName(members[index]!);
    if (own) nested.push(declarationOf(type, variant, all));
    return { word, name: memberName(word), type };
  });
  return [
    ...docOf(schema),
    `public enum ${name}: Codable, Sendable, Hashable {`,
    ...cases.map((one) => `  case ${one.name}(${one.type})`),
    `  /// A member that this version does not know, or one whose fields have changed; \`type\` is its \`${tag}\`.`,
    "  case unknown(type: String, raw: JSONValue)",
    "",
    `  enum TagKeys: String, CodingKey { case tag = ${quoted(tag)} }`,
    "",
    "  public init(from decoder: any Decoder) throws {",
    "    let tag = try decoder.container(keyedBy: TagKeys.self).decodeIfPresent(String.self, forKey: .tag)",
    "    switch tag {",
    ...cases.flatMap((one) => [
      `    case ${quoted(one.word)}:`,
      `      if let value = try? ${one.type}(from: decoder) { self = .${one.name}(value); return }`,
    ]),
    "    default: break",
    "    }",
    '    self = .unknown(type: tag ?? "", raw: try JSONValue(from: decoder))',
    "  }",
    "",
    "  public func encode(to encoder: any Encoder) throws {",
    "    switch self {",
    ...cases.map((one) => `    case .${one.name}(let value): try value.encode(to: encoder)`),
    "    case .unknown(_, let raw): try raw.encode(to: encoder)",
    "    }",
    "  }",
    ...nested.flatMap((declaration) => ["", indented(declaration)]),
    "}",
  ].join("\n");
}

/** The fields of an object that hold one word each, by their names. */
type Constants = { [key: string]: string };

/** Those of an object, or those that all members of a union share; `undefined`: it is neither. */
function constantsOf(schema: Schema, all: Named): Constants | undefined {
  if (schema.properties !== undefined) {
    const words = Object.entries(schema.properties as Named).map(([key, property]) => [key, property.const]);
    return Object.fromEntries(words.filter(([, word]) => typeof word === "string"));
  }
  const members = variantsOf(schema)?.map((member) => constantsOf(resolved(member, all), all));
  if (members === undefined || members.includes(undefined)) return undefined;
  const [first, ...others] = members as Constants[];
  return Object.fromEntries(
    Object.entries(first!).filter(([key, word]) => others.every((other) => other[key] === word)),
  );
}

/** The field whose word differs in every member. */
const discriminatorOf = (words: Constants[]): string | undefined =>
  Object.keys(words[0]!).find((key) => {
    const found = words.map((one) => one[key]).filter((word) => word !== undefined);
    return new Set(found).size === words.length;
  });

/** Members that no word tells apart, as one object: needed is what all of them need. */
function merged(variants: Schema[]): Schema {
  const required = variants.map((variant) => new Set((variant.required ?? []) as string[]));
  const properties: Named = {};
  for (const variant of variants)
    for (const [key, property] of Object.entries(variant.properties as Named)) {
      const before = properties[key];
      // The same field with other words in two members is any of them.
      properties[key] =
        before === undefined || JSON.stringify(before) === JSON.stringify(property)
          ? property
          : { type: before.type === property.type ? before.type : undefined };
    }
  return {
    type: "object",
    properties,
    required: Object.keys(properties).filter((key) => required.every((keys) => keys.has(key))),
  };
}

function typeOf(schema: Schema, name: string, nested: string[], all: Named): SwiftType {
  const plain = (type: string): SwiftType => ({ name: type, isNullable: false });
  if (typeof schema.$ref === "string") return plain(referenceName(schema));
  if (Array.isArray(schema.allOf) && schema.allOf.length === 1)
    return typeOf(schema.allOf[0] as Schema, name, nested, all);
  if (Array.isArray(schema.type)) {
    const types = (schema.type as string[]).filter((type) => type !== "null");
    if (types.length !== 1) return { name: "JSONValue", isNullable: false };
    return {
      ...typeOf({ ...schema, type: types[0] }, name, nested, all),
      isNullable: types.length < schema.type.length,
    };
  }
  const members = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (members !== undefined) {
    const others = members.filter((member) => member.type !== "null");
    const isNullable = others.length < members.length;
    if (others.length === 1) return { ...typeOf(others[0]!, name, nested, all), isNullable };
    // Words in several forms, such as an id or nothing, are words.
    if (others.every((member) => resolved(member, all).type === "string"))
      return { name: "String", isNullable };
    if (!others.every((member) => resolved(member, all).properties !== undefined))
      return { name: "JSONValue", isNullable: false };
    nested.push(unionOf(name, schema, others, all));
    return { name, isNullable };
  }
  const words = wordsOf(schema);
  if (words !== undefined) {
    nested.push(openEnum(name, words, {}));
    return plain(name);
  }
  switch (schema.type) {
    case "string":
      return plain("String");
    case "integer":
      return plain("Int");
    case "number":
      return plain("Double");
    case "boolean":
      return plain("Bool");
    case "array": {
      const item = typeOf((schema.items ?? {}) as Schema, singular(name), nested, all);
      return plain(`[${optional(item)}]`);
    }
    case "object": {
      if (schema.properties !== undefined) {
        nested.push(structOf(name, schema, all));
        return plain(name);
      }
      const value = schema.additionalProperties;
      if (typeof value !== "object" || value === null || Object.keys(value).length === 0)
        return plain("[String: JSONValue]");
      return plain(`[String: ${optional(typeOf(value as Schema, singular(name), nested, all))}]`);
    }
    default:
      return plain("JSONValue");
  }
}

const optional = ({ name, isNullable }: SwiftType) => (isNullable ? `${name}?` : name);

const componentOf = (schema: Schema) => (schema.$ref as string).split("/").at(-1)!;
const referenceName = (schema: Schema) => `API.${typeName(componentOf(schema))}`;
const resolved = (schema: Schema, all: Named): Schema => {
  if (typeof schema.$ref === "string") return all[componentOf(schema)] ?? {};
  if (Array.isArray(schema.allOf) && schema.allOf.length === 1)
    return resolved(schema.allOf[0] as Schema, all);
  return schema;
};

const parts = (text: string) => text.split(/[^A-Za-z0-9]+/).filter((part) => part !== "");
const capitalised = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const typeName = (text: string) => parts(text).map(capitalised).join("");

/** Words of Swift that cannot be a member's name as they are ("The Swift Programming Language", Lexical Structure). */
const reserved = new Set(
  "as associatedtype break case catch class continue default defer deinit do else enum extension fallthrough false fileprivate for func guard if import in init inout internal is let nil operator precedencegroup private protocol public repeat rethrows return self static struct subscript super switch throw throws true try typealias var where while".split(
    " ",
  ),
);

function memberName(text: string): string {
  const [first = "", ...rest] = parts(text);
  const name = `${first.charAt(0).toLowerCase()}${first.slice(1)}${rest.map(capitalised).join("")}`;
  const safe = /^[0-9]/.test(name) || name === "" ? `_${name}` : name;
  return reserved.has(safe) ? `\`${safe}\`` : safe;
}

/** The name of a type that a property brings with it. Swift has a meaning of its own for `Type`. */
function nestedName(key: string, property: Schema, owner: string): string {
  const name = typeName(key);
  const free = name === "Type" ? "Kind" : name;
  const isOwner = free === owner || (property.type === "array" && singular(free) === owner);
  return isOwner ? `${free}Value` : free;
}

const singular = (name: string) =>
  name.endsWith("s") && name.length > 3 ? name.slice(0, -1) : `${name}Item`;

const quoted = (text: string) => JSON.stringify(text);
const docOf = ({ description }: Schema): string[] =>
  typeof description === "string" ? description.split("\n").map((line) => `/// ${line}`) : [];
const indented = (text: string) => text.replaceAll(/^(?=.)/gm, "  ");
