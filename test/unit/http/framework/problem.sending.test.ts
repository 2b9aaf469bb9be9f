import { describe, expect, test } from "@jest/globals";
import type { Request, Response } from "express";
import { z } from "zod";
import { DaylongError } from "../../../../server/domain/errors.ts";
import {
  catalogued,
  faultsOf,
  invalidRequest,
  openAiErrorOf,
  problemOf,
  sendProblem,
} from "../../../../server/http/framework/problem.ts";

/** What is sent for an error at a path. */
function sent(path: string, error: DaylongError, locals: Record<string, unknown> = { requestId: "r1" }) {
  const answer = { status: 0, type: "", text: "", headers: {} as Record<string, unknown>, locals };
  const response = {
    locals,
    setHeader: (name: string, value: unknown) => void Object.assign(answer.headers, { [name]: value }),
    status: (status: number) => {
      answer.status = status;
      return response;
    },
    type: (type: string) => {
      answer.type = type;
      return response;
    },
    send: (text: string) => {
      answer.text = text;
      return response;
    },
  };
  sendProblem({ path } as Request, response as unknown as Response, error);
  return { ...answer, body: JSON.parse(answer.text) as Record<string, unknown> };
}

describe("C01: an error that is sent", () => {
  test("C01: is a problem document with the request's id, and in OpenAI's shape where that is spoken", () => {
    const error = new DaylongError("session_not_found", "There is none.");
    const problem = sent("/api/sessions/x", error);
    expect(problem).toMatchObject({ status: 404, type: "application/problem+json", headers: {} });
    expect(problem.body).toEqual(problemOf(error, "r1"));
    expect(sent("/api/sessions/x", error, {}).body.requestId).toBe("");
    const openAi = sent("/v1/models", error);
    expect(openAi).toMatchObject({ status: 404, type: "application/json" });
    expect(openAi.headers).toEqual({ "X-Should-Retry": "false" });
    expect(openAi.body).toEqual(openAiErrorOf(error));
  });

  test("C01: names the whole seconds after which to come back, one at least", () => {
    const after = (retryAfterMs: number) =>
      sent("/api", new DaylongError("rate_limited", "Slow.", { retryAfterMs })).headers["Retry-After"];
    expect([0, 1, 1_000, 1_001, 60_000].map(after)).toEqual([1, 1, 1, 2, 60]);
    expect(sent("/api", new DaylongError("not_found", "No.")).headers).toEqual({});
  });

  test.each([
    ["pool_full", 5],
    ["shutting_down", 5],
    ["storage_failed", 10],
  ] as const)("C01: %s says %d seconds when it does not know when it passes", (code, seconds) => {
    const error = new DaylongError(code, "Later.");
    expect(sent("/api", error).headers).toEqual({ "Retry-After": seconds });
    expect(sent("/v1/x", error).headers).toEqual({ "Retry-After": seconds, "X-Should-Retry": "true" });
    const known = new DaylongError(code, "Later.", { retryAfterMs: 2_000 });
    expect(sent("/api", known).headers).toEqual({ "Retry-After": 2 });
  });

  test("A01: names the scheme that would do with a 401 alone", () => {
    const headers = (code: "unauthenticated" | "scope_forbidden") =>
      sent("/api", new DaylongError(code, "No.")).headers;
    expect(headers("unauthenticated")).toEqual({ "WWW-Authenticate": 'Bearer realm="daylong"' });
    expect(headers("scope_forbidden")).toEqual({});
  });

  test.each([
    ["unauthenticated", "authentication_error"],
    ["scope_forbidden", "permission_error"],
    ["rate_limited", "rate_limit_error"],
    ["invalid_request", "invalid_request_error"],
    ["session_not_found", "invalid_request_error"],
    ["internal_error", "server_error"],
    ["pool_full", "server_error"],
  ] as const)("C03: %s is OpenAI's %s", (code, type) => {
    expect(openAiErrorOf(new DaylongError(code, "No.")).error).toMatchObject({ type, code, param: null });
  });
});

describe("C01: faults of a request", () => {
  test("C01: are named by their paths, and those of the whole as of the body", () => {
    const schema = z.object({ list: z.array(z.object({ size: z.number() })) });
    const { error } = schema.safeParse({ list: [{ size: 1 }, { size: "x" }] });
    const faults = faultsOf(error!);
    expect(faults).toMatchObject([{ path: "list.1.size" }]);
    expect(faultsOf(z.object({}).safeParse(3).error!)).toMatchObject([{ path: "" }]);
    const twice = [...faults, ...faults, { path: "", message: "must be an object" }];
    expect(invalidRequest(twice)).toMatchObject({
      code: "invalid_request",
      message: `The request is not valid: list.1.size (${faults[0]!.message}); list.1.size (${faults[0]!.message}); the body must be an object.`,
      faults: twice,
    });
    expect(openAiErrorOf(invalidRequest(faults)).error.param).toBe("list.1.size");
  });

  test("A08: what was thrown is kept as the cause, and an error of the catalogue is itself", () => {
    const known = new DaylongError("not_found", "No.");
    expect(catalogued(known)).toBe(known);
    const thrown = [
      new Error("x"),
      new URIError("x"),
      Object.assign(new Error("x"), { type: "entity.parse.failed" }),
      Object.assign(new Error("x"), { type: "of another kind" }),
    ];
    expect(thrown.map((one) => catalogued(one).cause)).toEqual(thrown);
    expect(catalogued(thrown[3]).code).toBe("internal_error");
  });
});
