import type { Problem } from "./connection/protocol.ts";
import { DaylongProblem } from "./errors.ts";
import type { Clock, Waiting } from "./ports.ts";

export interface RestParts {
  url: string;
  /** None yet, before pairing. */
  token?: string;
  fetch: typeof globalThis.fetch;
  /** With it a request over the device's limit waits and is sent again; without it, it is refused. */
  clock?: Clock;
  onWaiting?(waiting: Waiting): void;
}

/** Tries of one request that the limit refuses: each waits as long as the server says. */
const mostTries = 5;

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

  /** A request over the limit was not looked at by the server: it may be sent again, whatever it asks for. */
  async #answer(method: string, path: string, body?: unknown): Promise<Response> {
    const { clock, onWaiting } = this.#parts;
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#try(method, path, body);
      } catch (error) {
        if (!(error instanceof DaylongProblem) || error.code !== "rate_limited") throw error;
        const { code, message: detail, retryAfterMs } = error;
        if (clock === undefined || retryAfterMs === undefined || tries === mostTries) throw error;
        onWaiting?.({ code, detail, retryAfterMs });
        await new Promise<void>((resolve) => clock.after(retryAfterMs, resolve));
      }
    }
  }

  async #try(method: string, path: string, body?: unknown): Promise<Response> {
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
