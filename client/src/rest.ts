import type { Problem } from "./connection/protocol.ts";
import { DaylongProblem } from "./errors.ts";

export interface RestParts {
  url: string;
  /** None yet, before pairing. */
  token?: string;
  fetch: typeof globalThis.fetch;
}

/** The server's REST face. Rejects with a DaylongProblem for a refusal, with fetch's own error when nobody answers. */
export class Rest {
  readonly #parts: RestParts;

  constructor(parts: RestParts) {
    this.#parts = parts;
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    return (await (await this.#answer(method, path, body)).json()) as T;
  }

  async text(path: string): Promise<string> {
    return (await this.#answer("GET", path)).text();
  }

  async #answer(method: string, path: string, body?: unknown): Promise<Response> {
    const { url, token, fetch } = this.#parts;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return answer;
    const problem = (await answer.json().catch(() => undefined)) as Problem | undefined;
    throw new DaylongProblem(
      problem?.code ?? "unreadable_answer",
      answer.status,
      problem?.detail ?? `The server answered ${answer.status}.`,
      { retryAfterMs: problem?.retryAfterMs, problem },
    );
  }
}

/** `?a=1&b=2` of what is there. */
export function queryOf(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query}`;
}
