import { describe, expect, test } from "@jest/globals";
import { swiftModels } from "../../../client/generator/swiftModels.ts";

const object = (properties: object, required: string[] = []) => ({ type: "object", properties, required });

describe("I03: Swift models from schemas", () => {
  test("a field that may be absent is optional, and one that may be null as well tells the two apart", () => {
    const text = swiftModels({
      Thing: object(
        {
          id: { type: "string", description: "Its id." },
          count: { type: "integer" },
          owner: { type: ["string", "null"] },
          note: { anyOf: [{ type: "string" }, { type: "null" }] },
        },
        ["id", "owner"],
      ),
    });
    expect(text).toContain("/// Its id.\n    public var id: String");
    expect(text).toContain("public var count: Int?");
    expect(text).toContain("public var owner: String?");
    expect(text).toContain("public var note: Nullable<String>?");
  });

  test("a list of words is an enumeration with a case for the words of a newer server", () => {
    const text = swiftModels({ Mode: { type: "string", enum: ["default", "read-only", "2fa"] } });
    expect(text).toContain("public enum Mode: OpenEnum {");
    expect(text).toContain('case "default": self = .`default`');
    expect(text).toContain('case "read-only": self = .readOnly');
    expect(text).toContain('case "2fa": self = ._2fa');
    expect(text).toContain("case unknown(String)");
  });

  test("a union that a word tells apart has associated values, and one that no word tells apart is one struct", () => {
    const text = swiftModels({
      A: object({ type: { const: "a", type: "string" }, x: { type: "integer" } }, ["type", "x"]),
      B: object({ type: { const: "b.c", type: "string" } }, ["type"]),
      Event: { oneOf: [{ $ref: "#/components/schemas/A" }, { $ref: "#/components/schemas/B" }] },
      Answer: {
        anyOf: [
          object({ ok: { type: "boolean" }, n: { type: "integer" } }, ["ok", "n"]),
          object({ ok: { type: "boolean" }, s: { type: "string" } }, ["ok", "s"]),
        ],
      },
    });
    expect(text).toContain("case a(API.A)\n    case bC(API.B)");
    expect(text).toContain("case unknown(type: String, raw: JSONValue)");
    expect(text).toContain("public init(ok: Bool, n: Int? = nil, s: String? = nil)");
  });

  test("objects inside objects are types of their owner, lists of them by the singular", () => {
    const text = swiftModels({
      Page: object(
        { tools: { type: "array", items: object({ "thread-id": { type: "string" } }, ["thread-id"]) } },
        ["tools"],
      ),
      Any: object({
        input: { type: "object", additionalProperties: {} },
        type: { type: "string", enum: ["x"] },
      }),
    });
    expect(text).toContain("public var tools: [Tool]");
    expect(text).toContain('case threadId = "thread-id"');
    expect(text).toContain("public var input: [String: JSONValue]?");
    // `Type` has a meaning of its own in Swift.
    expect(text).toContain("public var type: Kind?");
  });
});
