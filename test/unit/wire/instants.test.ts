import { expect, test } from "@jest/globals";
import { chosenInstantSchema } from "../../../server/wire/instants.ts";

const at = Date.UTC(2026, 10, 28);

test.each([
  ["seconds", at / 1_000],
  ["seconds of 1970", 0],
  ["a span of a minute", 60_000],
  ["a span of a day", 86_400_000],
  ["a span in seconds", 3_600],
  ["microseconds", at * 1_000],
  ["seconds of the year 2100", 4_102_444_800],
  ["the largest number that is exact", Number.MAX_SAFE_INTEGER],
  ["a negative one", -1],
  ["days", 20_420],
])("REPORT-16: %s are no instant: %i", (_what, value) => {
  expect(chosenInstantSchema.safeParse(value).success).toBe(false);
});

test("REPORT-16: the refusal names the unit", () => {
  expect(chosenInstantSchema.safeParse(at / 1_000).error?.issues[0]?.message).toContain("milliseconds");
});

test.each([at, Date.UTC(2000), Date.UTC(2100), Date.UTC(2026, 10, 28, 12, 0, 0, 1)])(
  "REPORT-16: milliseconds are taken, past ones too: %i",
  (value) => {
    expect(chosenInstantSchema.parse(value)).toBe(value);
  },
);
