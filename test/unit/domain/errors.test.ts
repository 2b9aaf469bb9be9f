import { describe, expect, test } from "@jest/globals";
import { DaylongError, type ErrorCode, errorCatalogue } from "../../../server/domain/errors.ts";

const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe("C01 the catalogue of errors", () => {
  test.each(codes)("%s is a snake_case code with an error status and a title for people", (code) => {
    const { status, title, retryable } = errorCatalogue[code];
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true);
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(typeof retryable).toBe("boolean");
  });

  test("has a title of its own for each code", () => {
    const titles = codes.map((code) => errorCatalogue[code].title);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test("never invites to repeat what the client has to change", () => {
    for (const code of codes) {
      const { status, retryable } = errorCatalogue[code];
      if ([400, 401, 403, 404, 405, 410, 413, 415].includes(status)) expect(retryable).toBe(false);
    }
  });
});

test("an error knows its place in the catalogue and keeps its cause", () => {
  const cause = new Error("SQLITE_FULL");
  const error = new DaylongError("storage_failed", "The disk is full.", { cause, retryAfterMs: 1_000 });
  expect(error).toMatchObject({
    name: "DaylongError",
    message: "The disk is full.",
    status: 503,
    retryable: true,
    retryAfterMs: 1_000,
    cause,
  });
  expect(error.title).toBe(errorCatalogue.storage_failed.title);
});
