import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { scenarios } from "../../conformance/scenarios/all.ts";
import { readSentences, sentencesOf } from "../../conformance/sentences.ts";

const specification = "ios-client-spec/spec";
const swiftTests = "ios-client-spec/swift/Tests/DaylongKitTests";

interface Trace {
  /** `conformance:SCENARIO` or `swift:CLASS.TEST`. */
  checks?: string[];
  /** Why no machine can look at it, and what a person does instead. */
  manual?: string;
}

const traces = JSON.parse(readFileSync(`${specification}/traceability.json`, "utf8")) as Record<
  string,
  Trace
>;
const sentences = readSentences(specification);

/** The tests of the Swift package, as `CLASS.TEST`. */
const swift = new Set(
  readdirSync(swiftTests).flatMap((file) => {
    const classes = readFileSync(`${swiftTests}/${file}`, "utf8").split(/^(?=final class )/m);
    return classes.flatMap((text) => {
      const name = /^final class (\w+): XCTestCase/.exec(text)?.[1];
      return name === undefined
        ? []
        : [...text.matchAll(/func (test\w+)\(/g)].map((found) => `${name}.${found[1]}`);
    });
  }),
);

/** The sentences about which a scenario says something, by its name. */
const looked = new Map(scenarios.map(({ name, sentences: ids }) => [name, ids]));

describe("I04 I05: every sentence of the iOS specification is shown by something", () => {
  test("a sentence that demands something has a check, or a reason why a person has to look", () => {
    expect(sentences.filter(({ isMust }) => isMust).length).toBeGreaterThan(90);
    expect(
      sentences.filter(({ id, isMust }) => isMust && traces[id] === undefined).map(({ id }) => id),
    ).toEqual([]);
    const bare = Object.entries(traces).filter(
      ([, { checks, manual }]) => (checks ?? []).length === 0 && (manual ?? "").length < 10,
    );
    expect(bare).toEqual([]);
  });

  test("ids stand once, and what is traced is a sentence", () => {
    const ids = sentences.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    expect(Object.keys(traces).filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("every check that is named is there", () => {
    const named = Object.values(traces).flatMap(({ checks }) => checks ?? []);
    expect(named.length).toBeGreaterThan(80);
    const missing = named.filter((check) => {
      const [kind, name = ""] = check.split(":");
      return kind === "swift" ? !swift.has(name) : !looked.has(name);
    });
    expect(missing).toEqual([]);
  });

  test("what a scenario looks at is a sentence, and is traced to it", () => {
    const untraced = [...looked].flatMap(([name, ids]) =>
      ids.filter((id) => !traces[id]?.checks?.includes(`conformance:${name}`)).map((id) => `${name} ${id}`),
    );
    expect(untraced).toEqual([]);
  });

  test("a sentence is read to its end, and one without its form is not taken", () => {
    const text = "- **A-1** The client MUST\n  go on.\n- A-2 no\n- **B-3** It MAY rest.\n";
    expect(sentencesOf("a.md", text)).toEqual([
      { id: "A-1", text: "The client MUST go on.", file: "a.md", isMust: true },
      { id: "B-3", text: "It MAY rest.", file: "a.md", isMust: false },
    ]);
  });
});
