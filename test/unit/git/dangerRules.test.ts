import { expect, test } from "@jest/globals";
import { driversNamed, includesOf, namesProgram } from "../../../server/git/dangerRules.ts";

test("values that only look like programs are none", () => {
  for (const [key, value] of [
    ["core.fsmonitor", "true"],
    ["core.fsmonitor", undefined],
    ["pager.diff", "false"],
    ["alias.x", "log -1"],
    ["remote.origin.url", "https://example.org/ext::x"],
    ["filter.x.required", "true"],
    ["merge.tool", "vimdiff"],
    ["protocol.allow", "never"],
    ["user.name", "!x"],
  ] as const)
    expect([key, namesProgram(key, value)]).toEqual([key, false]);
});

test("a name between section and key may hold dots, newlines and the names of other keys", () => {
  for (const key of [
    "filter.a.b\nc.clean",
    "diff..textconv",
    "credential.https://a.b/c.helper",
    "gpg.openpgp.program",
  ])
    expect([key, namesProgram(key, "x")]).toEqual([key, true]);
});

test("attributes name drivers after the pattern only, and not those that git brings itself", () => {
  expect(driversNamed("filter=file text\n# a filter=b\n*.c diff=cpp merge=union\n")).toEqual([]);
  expect(driversNamed("  *.a\tfilter=x  diff=y\r\n[attr]m merge=z\n*.a filter=x\n")).toEqual([
    "filter=x",
    "diff=y",
    "merge=z",
  ]);
});

test("includes are found with and without a condition", () => {
  const entries = [
    { key: "include.path", value: "a" },
    { key: "includeif.gitdir:~/x.path", value: "b" },
    { key: "include.other", value: "c" },
    { key: "include.path" },
  ];
  expect(includesOf(entries)).toEqual(["a", "b"]);
});
