import type { Answer, Problem } from "./connection/protocol.ts";
import { DaylongProblem } from "./errors.ts";
import type { Clock, Waiting } from "./ports.ts";

type Uploaded = Answer<"POST /api/attachments">;

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

  /** A body that is sent although the page that sends it goes away. */
  async post(path: string, json: string): Promise<unknown> {
    const headers = { "content-type": "application/json" };
    return (await this.#fetch(path, { method: "POST", headers, body: json, keepalive: true })).json();
  }

  /** Uploads a file for a later message. */
  async upload(file: Blob, name: string, signal?: AbortSignal): Promise<Uploaded> {
    const headers = {
      "content-type": file.type === "" ? "application/octet-stream" : file.type,
      "x-filename": encodeURIComponent(name),
    };
    const answer = await this.#fetch("/api/attachments", { method: "POST", headers, body: file, signal });
    return (await answer.json()) as Uploaded;
  }

  /** A request over the limit was not looked at by the server: it may be sent again, whatever it asks for. */
  async #answer(method: string, path: string, body?: unknown): Promise<Response> {
    const { clock, onWaiting } = this.#parts;
    const headers = { "content-type": "application/json" };
    const request = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#fetch(path, request);
      } catch (error) {
        if (!(error instanceof DaylongProblem) || error.code !== "rate_limited") throw error;
        const { code, message: detail, retryAfterMs } = error;
        if (clock === undefined || retryAfterMs === undefined || tries === mostTries) throw error;
        onWaiting?.({ code, detail, retryAfterMs });
        await new Promise<void>((resolve) => clock.after(retryAfterMs, resolve));
      }
    }
  }

  async #fetch(path: string, request: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const { url, token, fetch } = this.#parts;
    const headers: Record<string, string> = { ...request.headers };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    const answer = await fetch(`${url}${path}`, { ...request, headers });
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
