import { DaylongError, type ErrorCode } from "../../domain/errors.ts";
import { isHarmless } from "../../wire/openai/parameters.ts";
import { chosenIdSchema } from "../../wire/text.ts";
import { errorSets } from "../framework/errorSets.ts";
import { invalidRequest } from "../framework/problem.ts";

/** Headers of a request that begins a turn. */
export const turnHeaders = {
  "Idempotency-Key": "Repeated with it, the request finds its first turn again.",
  "X-Project-Path": "The project of a new conversation, unless the body says it.",
};

/** Codes that a request which begins a turn may be refused with. */
export const turnRefusals: readonly ErrorCode[] = [
  ...errorSets.project,
  ...errorSets.openSession,
  ...errorSets.message,
  ...errorSets.failedTurn,
  "unsupported_parameter",
  "conversation_not_found",
];

/** Throws `unsupported_parameter` for the first parameter that asks for what the CLI cannot do. */
export function refuseUnsupported<N extends string>(
  names: readonly N[],
  body: Partial<Record<N, unknown>> & { n?: number | null },
): void {
  const name = (body.n ?? 1) > 1 ? "n" : names.find((one) => !isHarmless(body[one]));
  if (name !== undefined) throw unsupported(name);
}

export const unsupported = (name: string): DaylongError =>
  new DaylongError(
    "unsupported_parameter",
    name === "n"
      ? "n must be 1: a conversation has one next message."
      : `${name} is not supported: Claude answers in text, and runs its own tools.`,
    { faults: [{ path: name, message: "is not supported" }] },
  );

/** The header that names the parameters which the CLI cannot take, where there are some. */
export function ignoredHeaders<N extends string>(
  names: readonly N[],
  body: Partial<Record<N, unknown>>,
  more: readonly string[] = [],
): Record<string, string> {
  const ignored = [...names.filter((name) => body[name] !== undefined && body[name] !== null), ...more];
  return ignored.length > 0 ? { "X-Daylong-Ignored": ignored.join(", ") } : {};
}

/** The `Idempotency-Key`. Throws `invalid_request` when it cannot be one. */
export function keyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = chosenIdSchema.min(1).max(200).safeParse(header);
  if (key.success) return key.data;
  throw invalidRequest([{ path: "Idempotency-Key", message: "must have 1 to 200 characters" }]);
}

/** Node reads headers as Latin-1; paths come as UTF-8. */
export function pathOf(header: string | undefined): string | undefined {
  const path = header === undefined ? undefined : Buffer.from(header, "latin1").toString("utf8");
  return path?.includes("\uFFFD") ? header : path;
}
