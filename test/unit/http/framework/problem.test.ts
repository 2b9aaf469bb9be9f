import { describe, expect, test } from "@jest/globals";
import { DaylongError, type ErrorCode, errorCatalogue } from "../../../../server/domain/errors.ts";
import {
  catalogued,
  openAiErrorOf,
  problemOf,
  speaksOpenAi,
} from "../../../../server/http/framework/problem.ts";
import { openAiErrorSchema, problemSchema } from "../../../../server/wire/problem.ts";

const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe("C01: problem documents", () => {
  test("C01: every code of the catalogue has one, with its status and title", () => {
    for (const code of codes) {
      const problem = problemSchema.parse(problemOf(new DaylongError(code, "Because."), "r1"));
      expect(problem).toMatchObject({ code, detail: "Because.", requestId: "r1", ...statusAndTitle(code) });
      expect(problem.type).toBe(`urn:daylong:problem:${code}`);
    }
  });

  test("C01: faults and the pause are told when there are any", () => {
    const faults = [{ path: "a.0", message: "must be a number" }];
    const error = new DaylongError("invalid_request", "No.", { faults, retryAfterMs: 1500 });
    expect(problemOf(error, "r")).toMatchObject({ errors: faults, retryAfterMs: 1500 });
    expect(problemOf(new DaylongError("not_found", "No."), "r")).not.toHaveProperty("errors");
    expect(problemOf(new DaylongError("pool_full", "Full."), "r")).toMatchObject({ retryAfterMs: 5000 });
  });

  test("C03: under /v1 and /stats an error has OpenAI's shape", () => {
    for (const code of codes) openAiErrorSchema.parse(openAiErrorOf(new DaylongError(code, "No.")));
    expect(openAiErrorOf(new DaylongError("rate_limited", "Slow.")).error).toEqual({
      message: "Slow.",
      type: "rate_limit_error",
      param: null,
      code: "rate_limited",
    });
    expect(["/v1/models", "/v1", "/stats"].every(speaksOpenAi)).toBe(true);
    expect(["/v10/x", "/statsx", "/api/v1/x", "/"].some(speaksOpenAi)).toBe(false);
  });
});

describe("A08: what was thrown", () => {
  test("A08: an unforeseen error becomes internal_error without its text", () => {
    const error = catalogued(new Error("secret at /home/someone/.ssh"));
    expect(error.code).toBe("internal_error");
    expect(JSON.stringify(problemOf(error, "r"))).not.toContain("secret");
    expect(catalogued("just a string").code).toBe("internal_error");
    expect(catalogued(undefined).code).toBe("internal_error");
  });

  test("A08: faults of the body parser have codes of their own", () => {
    const thrown = (type: string) => Object.assign(new Error("x"), { type });
    expect(catalogued(thrown("entity.parse.failed")).code).toBe("malformed_json");
    expect(catalogued(thrown("entity.too.large")).code).toBe("body_too_large");
    expect(catalogued(thrown("encoding.unsupported")).code).toBe("unsupported_media_type");
    expect(catalogued(thrown("charset.unsupported")).code).toBe("unsupported_media_type");
    expect(catalogued(thrown("request.aborted")).code).toBe("invalid_request");
    expect(catalogued(new URIError("x")).code).toBe("invalid_request");
  });
});

const statusAndTitle = (code: ErrorCode) => ({
  status: errorCatalogue[code].status,
  title: errorCatalogue[code].title,
});
