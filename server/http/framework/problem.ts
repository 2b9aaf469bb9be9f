import type { Request, Response } from "express";
import { z } from "zod";
import { DaylongError, type ErrorCode, type FieldFault } from "../../domain/errors.ts";
import { partsBound } from "../../wire/jsonParts.ts";
import type { OpenAiError, Problem } from "../../wire/problem.ts";

/** When a refusal that passes by itself does not know when: the pause told to the client. */
const defaultRetryAfterMs: Partial<Record<ErrorCode, number>> = {
  pool_full: 5_000,
  shutting_down: 5_000,
  storage_failed: 10_000,
};

/** The problem document of an error. */
export function problemOf(error: DaylongError, requestId: string): Problem {
  const retryAfterMs = retryAfterMsOf(error);
  return {
    type: `urn:daylong:problem:${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    detail: error.message,
    requestId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(error.faults === undefined ? {} : { errors: error.faults }),
  };
}

/** The error in OpenAI's shape. */
export function openAiErrorOf(error: DaylongError): OpenAiError {
  return {
    error: {
      message: error.message,
      type: openAiTypeOf(error.status),
      param: error.faults?.[0]?.path ?? null,
      code: error.code,
    },
  };
}

function openAiTypeOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 403) return "permission_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** Paths whose errors have OpenAI's shape (docs/api.md, Errors). */
export const speaksOpenAi = (path: string): boolean => /^\/(v1|stats)(\/|$)/i.test(path);

/** Answers with the error, in the shape of the path. */
export function sendProblem(request: Request, response: Response, error: DaylongError): void {
  const requestId = String(response.locals.requestId ?? "");
  const retryAfterMs = retryAfterMsOf(error);
  if (retryAfterMs !== undefined)
    response.setHeader("Retry-After", Math.max(1, Math.ceil(retryAfterMs / 1000)));
  // RFC 9110, 15.5.2: a 401 names the scheme that would do.
  if (error.status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="daylong"');
  response.status(error.status);
  if (speaksOpenAi(request.path)) {
    // What OpenAI's own clients go by before they look at the status.
    response.setHeader("X-Should-Retry", String(error.retryable));
    response.type("application/json").send(JSON.stringify(openAiErrorOf(error)));
  } else {
    response.type("application/problem+json").send(JSON.stringify(problemOf(error, requestId)));
  }
}

/**
 * Converts anything thrown into an error of the catalogue. An unforeseen error becomes `internal_error`, without its
 * text.
 */
export function catalogued(error: unknown): DaylongError {
  if (error instanceof DaylongError) return error;
  const fault = parserFaultSchema.safeParse(error);
  if (fault.success) return new DaylongError(...foreseen(fault.data), { cause: error });
  // express gives up on a path that is no valid percent-encoding.
  if (error instanceof URIError) {
    return new DaylongError("invalid_request", "The address is not validly percent-encoded.", {
      cause: error,
    });
  }
  return new DaylongError(
    "internal_error",
    "The server could not do this. Its log names the cause under this requestId.",
    { cause: error },
  );
}

/** Most faults that an answer names, and most characters of each: a body may hold thousands, or repeat itself in one. */
const maxFaults = 50;
const maxFaultChars = 500;

/** Faults found in a request by zod, as field faults; `""` is the whole. */
export const faultsOf = (error: z.ZodError): FieldFault[] =>
  error.issues
    .slice(0, maxFaults)
    .flatMap((issue) => reasonsOf(issue))
    .slice(0, maxFaults)
    .map(({ path, message }) => ({
      path: path.map(String).join(".").slice(0, maxFaultChars).toWellFormed(),
      message: message.slice(0, maxFaultChars).toWellFormed(),
    }));

type Issue = z.core.$ZodIssue;

/**
 * The faults behind an issue. Where several forms are allowed and the value has one of them, it is told what is wrong with that
 * one; of several the one in which the fault lies deepest.
 */
function reasonsOf(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const forms = issue.errors.map((issues) => issues.flatMap(reasonsOf)).filter(isFormOfValue);
  const nearest = forms.toSorted((a, b) => depthOf(b) - depthOf(a))[0];
  if (nearest === undefined) return [issue];
  return nearest.map((reason) => ({ ...reason, path: [...issue.path, ...reason.path] }));
}

/** How far into the value the first fault of a form lies. */
const depthOf = (reasons: readonly Issue[]): number => Math.min(...reasons.map(({ path }) => path.length));

/** Whether the value is of the form's type, whatever is wrong with it. */
const isFormOfValue = (reasons: readonly Issue[]): boolean =>
  reasons.length > 0 &&
  !reasons.some(
    ({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value"),
  );

/** Faults that are told in the sentence; all of them stand beside it, where the shape of the error has room for them. */
const toldFaults = 5;

/** The error for a request whose fields are wrong, with the reasons. */
export function invalidRequest(faults: FieldFault[]): DaylongError {
  const told = faults
    .slice(0, toldFaults)
    .map(({ path, message }) => `${path || "the body"} ${asWords(message)}`);
  const more = faults.length > toldFaults ? `; and ${faults.length - toldFaults} more` : "";
  return new DaylongError("invalid_request", `The request is not valid: ${told.join("; ")}${more}.`, {
    faults,
  });
}

/** A fault as it follows the name of its field: our own say "must be ...", those of zod are sentences. */
const asWords = (message: string): string =>
  /^(?:must|is|belongs|needs) /.test(message) ? message : `(${message})`;

/** What body-parser throws; `type` is its documented field. */
const parserFaultSchema = z.object({
  type: z.enum([
    "entity.parse.failed",
    "entity.too.large",
    "encoding.unsupported",
    "charset.unsupported",
    "request.size.invalid",
    "request.aborted",
    "parameters.too.many",
  ]),
});

function foreseen(fault: z.infer<typeof parserFaultSchema>): [ErrorCode, string] {
  switch (fault.type) {
    case "entity.parse.failed":
      return ["malformed_json", "The body cannot be parsed as JSON."];
    case "entity.too.large":
      return ["body_too_large", "The body is larger than this address takes."];
    case "encoding.unsupported":
      return ["unsupported_media_type", "The body must be sent without Content-Encoding."];
    case "charset.unsupported":
      return ["unsupported_media_type", "The body must be UTF-8."];
    case "parameters.too.many":
      return ["invalid_request", `The body has ${partsBound}.`];
    case "request.size.invalid":
    case "request.aborted":
      return ["invalid_request", "The body ended before the length it announced."];
  }
}

function retryAfterMsOf(error: DaylongError): number | undefined {
  return error.retryAfterMs ?? defaultRetryAfterMs[error.code];
}
