import { describe, expect, test } from "@jest/globals";
import { judgeLook, type RecordEntry, readHandoff } from "../../../../server/domain/processes/handoff.ts";
import { Chance } from "../../../support/chance.ts";

const at = 1_000;
const prompt = (entryId: string, parentId?: string, text = `say ${entryId}`): RecordEntry => ({
  entryId,
  parentId,
  at,
  kind: "prompt",
  text,
  isLast: false,
});
const answer = (entryId: string, parentId: string, isLast = true, text = `said ${entryId}`): RecordEntry => ({
  entryId,
  parentId,
  at: at + 1,
  kind: "answer",
  text,
  isLast,
});
const note = (entryId: string, parentId?: string): RecordEntry => ({
  entryId,
  parentId,
  at,
  kind: "other",
  text: "",
  isLast: false,
});

/** Prompts whose id begins with `o` are ours. */
const isOurs = (entryId: string) => entryId.startsWith("o");
const read = (entries: RecordEntry[], sinceAt = 0) => {
  const { foreign, apart } = readHandoff(entries, { isOurs, sinceAt });
  return {
    foreign: foreign.map(({ turnId, isWhole, texts }) =>
      [turnId, ...texts.map(({ text }) => text), isWhole ? "." : "…"].join(" "),
    ),
    apart: apart.map(({ turnId }) => turnId),
  };
};

describe("REPORT-22: what a part of a record says of other programs", () => {
  const cases: Array<[what: string, entries: RecordEntry[], foreign: string[], apart: string[]]> = [
    ["nothing", [], [], []],
    [
      "only our own turns",
      [prompt("o1"), answer("a1", "o1"), prompt("o2", "a1"), answer("a2", "o2")],
      [],
      [],
    ],
    [
      "one turn after ours",
      [prompt("o1"), answer("a1", "o1"), prompt("t1", "a1"), answer("a2", "t1")],
      ["t1 said a2 ."],
      [],
    ],
    [
      "a turn whose parent lies before the part",
      [prompt("t1", "before"), answer("a1", "t1")],
      ["t1 said a1 ."],
      [],
    ],
    [
      "two turns, with notes of the CLI between prompt and answer",
      [
        prompt("t1"),
        note("n1", "t1"),
        answer("a1", "n1"),
        prompt("t2", "a1"),
        note("n2", "t2"),
        answer("a2", "n2"),
      ],
      ["t1 said a1 .", "t2 said a2 ."],
      [],
    ],
    [
      "several texts around tools",
      [
        prompt("t1"),
        answer("a1", "t1", false),
        note("r1", "a1"),
        answer("a2", "r1", false, ""),
        note("r2", "a2"),
        answer("a3", "r2"),
      ],
      ["t1 said a1 said a3 ."],
      [],
    ],
    ["a turn that is not over", [prompt("t1"), answer("a1", "t1", false)], ["t1 said a1 …"], []],
    ["a prompt without any answer", [prompt("t1")], ["t1 …"], []],
    ["a command that Claude never heard of", [prompt("t1", undefined, "/model haiku")], [], []],
    [
      "a command that Claude answered",
      [prompt("t1", undefined, "/review"), answer("a1", "t1")],
      ["t1 said a1 ."],
      [],
    ],
    [
      "both sides from the same answer",
      [prompt("o1", "before"), prompt("t1", "before"), answer("a2", "t1"), answer("a1", "o1")],
      ["t1 said a2 ."],
      ["o1", "t1"],
    ],
    [
      "theirs from the middle of ours",
      [prompt("o1", "before"), note("n1", "o1"), prompt("t1", "n1"), answer("a2", "t1"), answer("a1", "o1")],
      ["t1 said a2 ."],
      ["t1"],
    ],
    [
      "two sides from places before the part",
      [prompt("t1", "theirs"), answer("a1", "t1"), prompt("o1", "ours"), answer("a2", "o1")],
      ["t1 said a1 ."],
      ["t1", "o1"],
    ],
    [
      "two sides that became one again leave only the lost side apart",
      [
        prompt("o1", "x"),
        answer("a1", "o1"),
        prompt("t1", "x"),
        answer("a2", "t1"),
        prompt("t2", "a2"),
        answer("a3", "t2"),
      ],
      ["t1 said a2 .", "t2 said a3 ."],
      ["o1", "t1", "t2"],
    ],
    [
      "tools side by side are one chain",
      [
        prompt("t1"),
        answer("a1", "t1", false),
        answer("a2", "a1", false),
        note("r1", "a1"),
        note("r2", "a2"),
        answer("a3", "r2"),
      ],
      ["t1 said a1 said a2 said a3 ."],
      [],
    ],
    ["an entry that is its own parent", [prompt("t1", "t1"), answer("a1", "t1")], ["t1 said a1 ."], []],
    ["a circle", [prompt("t1", "a1"), answer("a1", "t1")], ["t1 said a1 ."], []],
    ["a circle without a prompt", [note("n1", "n2"), note("n2", "n1"), answer("a1", "n1")], [], []],
    ["an entry that is there twice", [prompt("t1"), prompt("t1"), answer("a1", "t1")], ["t1 said a1 ."], []],
  ];
  test.each(cases)("REPORT-22: %s", (_what, entries, foreign, apart) => {
    expect(read(entries)).toEqual({ foreign, apart });
  });

  test("REPORT-22: what was said before the session began is its past", () => {
    expect(read([prompt("t1"), answer("a1", "t1")], at + 1).foreign).toEqual([]);
    expect(read([prompt("t1"), answer("a1", "t1")], at).foreign).toEqual(["t1 said a1 ."]);
  });

  test("REPORT-22: of any record each turn of another program is read once, and a circle ends", () => {
    const chance = new Chance(22);
    for (let round = 0; round < 300; round += 1) {
      const ids = Array.from(
        { length: chance.between(1, 14) },
        (_one, index) => `${chance.happens(0.5) ? "o" : "t"}${index}`,
      );
      const entries = ids.map((entryId) => {
        const parentId = chance.happens(0.2) ? "elsewhere" : chance.pick(ids);
        const kind = chance.pick(["prompt", "answer", "other"] as const)!;
        return {
          entryId,
          parentId,
          at,
          kind,
          text: kind === "other" ? "" : entryId,
          isLast: chance.happens(0.5),
        };
      });
      const { foreign, apart } = readHandoff(entries, { isOurs, sinceAt: 0 });
      const prompts = entries.filter(({ kind, entryId }) => kind === "prompt" && !isOurs(entryId));
      expect(foreign.map(({ turnId }) => turnId)).toEqual(prompts.map(({ entryId }) => entryId));
      const texts = foreign.flatMap((turn) => turn.texts.map(({ messageId }) => messageId));
      expect(new Set(texts).size).toBe(texts.length);
      expect(new Set(apart).size).toBe(apart.length);
    }
  });
});

describe("REPORT-22: what is done after a look", () => {
  const whole = [prompt("t1"), answer("a1", "t1")];
  const open = [...whole, prompt("t2", "a1"), answer("a2", "t2", false)];
  const apart = [prompt("o1", "before"), prompt("t1", "before"), answer("a2", "t1"), answer("a1", "o1")];
  const cases: Array<
    [what: string, entries: RecordEntry[], heldBy: number | undefined, isOursAtWork: boolean, verdict: string]
  > = [
    ["nothing was written", [], undefined, false, "read"],
    ["nothing was written yet by the holder", [], 7, false, "read"],
    ["nothing was written while ours works", [], undefined, true, "again"],
    ["a whole turn, and its program is gone", whole, undefined, false, "t1 read"],
    ["a whole turn of a program that is still there", whole, 7, false, "t1 read"],
    ["a whole turn beside a turn of ours", whole, undefined, true, "t1 again"],
    ["a turn that its holder may still be at", open, 7, false, "t1 again"],
    ["a turn whose program was killed", open, undefined, false, "t1 t2 read"],
    ["a turn whose program was killed beside a turn of ours", open, undefined, true, "t1 t2 again"],
    ["two branches, both over", apart, undefined, false, "t1 read told"],
    ["two branches while ours works", apart, undefined, true, "t1 again"],
    ["two branches of a program that is still there", apart, 7, false, "t1 read told"],
  ];
  test.each(cases)("REPORT-22: %s", (_what, entries, heldBy, isOursAtWork, verdict) => {
    const { keep, isRead, untold } = judgeLook({ entries, heldBy, isOursAtWork, isOurs, sinceAt: 0 });
    const said = [
      ...keep.map(({ turnId }) => turnId),
      isRead ? "read" : "again",
      ...(untold ? ["told"] : []),
    ];
    expect(said.join(" ")).toBe(verdict);
  });

  test("REPORT-22: what was said side by side is told in words, the latest first when there is too much", () => {
    const judge = (entries: RecordEntry[]) =>
      judgeLook({ entries, heldBy: undefined, isOursAtWork: false, isOurs, sinceAt: 0 }).untold;
    const short = judge(apart);
    expect(short).toMatch(/^<earlier-conversation>\n\n/);
    expect(short).toMatch(
      /User: say o1\n\nAssistant: said a1\n\nUser: say t1\n\nAssistant: said a2\n\n<\/earlier-conversation>$/,
    );
    const long = judge([
      prompt("o1", "before", "x".repeat(50_000)),
      prompt("t1", "before", "last"),
      answer("a2", "t1"),
      answer("a1", "o1"),
    ]);
    expect(long.length).toBeLessThan(21_000);
    expect(long).toContain("User: last");
  });
});
