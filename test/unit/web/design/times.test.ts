import { expect, test } from "@jest/globals";
import { shortSpan, spanInWords, timeInWords } from "../../../../web/src/design/times.ts";

const minute = 60_000;
const hour = 60 * minute;

test("spans are said in at most two units", () => {
  expect(
    [8_400, 2 * minute, 3 * hour + 12 * minute, 11 * hour + 5 * minute, 49 * hour].map(spanInWords),
  ).toEqual(["8 s", "2 min", "3 h 12 min", "11 h", "2 days"]);
  expect([-5, 59 * minute, 3 * hour, 72 * hour].map(shortSpan)).toEqual(["0 s", "59 min", "3 h", "3 d"]);
});

test("an instant is relative under a day, else a date", () => {
  const now = new Date(2026, 10, 28, 12).getTime();
  expect(timeInWords(now - 10_000, now)).toBe("now");
  expect(timeInWords(now - 5 * minute, now)).toBe("5 min ago");
  expect(timeInWords(now - 30 * hour, now)).toMatch(/27/);
  expect(timeInWords(now - 30 * hour, now)).not.toMatch(/2026/);
  expect(timeInWords(new Date(2024, 0, 5).getTime(), now)).toMatch(/2024/);
});
