import type { Answer, Problem } from "./connection/protocol.ts";
import { DaylongProblem } from "./errors.ts";
import type { Clock, Waiting } from "./ports.ts";

type UploadState = Answer<"GET /api/attachments/{attachmentId}">;
type Uploaded = NonNullable<UploadState["attachment"]>;

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
/** A file up to this size is sent whole: it is there before a second request would be. */
const mostAtOnceBytes = 256 * 1024;
/** Before a cut upload goes on. */
const pauseMs = 2_000;

/** The server's REST face. Rejects with a DaylongProblem for a refusal, with fetch's own error when nobody answers. */
export class Rest {
  readonly #parts: RestParts;
  /** Addresses of uploads that were begun, by their files. */
  readonly #uploads = new WeakMap<Blob, string>();

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

  /**
   * Uploads a file for a later message. A large one that is cut off goes on where it stopped: after a pause where there is a
   * clock, and in any case when the same file is given again.
   */
  async upload(file: Blob, name: string, signal?: AbortSignal): Promise<Uploaded> {
    const headers = {
      "content-type": file.type === "" ? "application/octet-stream" : file.type,
      "x-filename": encodeURIComponent(name),
    };
    if (file.size > mostAtOnceBytes) return this.#uploadInParts(file, headers, signal);
    const answer = await this.#fetch("/api/attachments", { method: "POST", headers, body: file, signal });
    return (await answer.json()) as Uploaded;
  }

  async #uploadInParts(file: Blob, headers: Record<string, string>, signal?: AbortSignal): Promise<Uploaded> {
    const { clock } = this.#parts;
    let sentBytes = -1;
    for (let tries = 0; ; tries += 1) {
      try {
        const { path, sizeBytes, attachment } = await this.#uploadOf(file, headers, signal);
        if (attachment !== undefined) return attachment;
        if (sizeBytes > sentBytes) tries = 0;
        sentBytes = sizeBytes;
        const part = { "upload-offset": String(sizeBytes), "upload-complete": "?1" };
        const answer = await this.#fetch(path, {
          method: "PATCH",
          headers: part,
          body: file.slice(sizeBytes),
          signal,
        });
        return (await answer.json()) as Uploaded;
      } catch (error) {
        // Another request of ours, whose line was lost, may have brought more in the meantime.
        const isCut = !(error instanceof DaylongProblem) || error.code === "upload_offset_mismatch";
        if (!isCut || signal?.aborted === true || clock === undefined || tries >= mostTries) throw error;
        await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
      }
    }
  }

  /** Where the upload of the file stands; begins it when the server has none. */
  async #uploadOf(
    file: Blob,
    headers: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<{ path: string; sizeBytes: number; attachment?: Uploaded }> {
    const known = this.#uploads.get(file);
    if (known !== undefined) {
      try {
        const { sizeBytes, attachment } = await this.ask<UploadState>("GET", known);
        return { path: known, sizeBytes, attachment };
      } catch (error) {
        if (!(error instanceof DaylongProblem) || error.code !== "attachment_not_found") throw error;
      }
    }
    const begun = { ...headers, "upload-complete": "?0" };
    const answer = await this.#fetch("/api/attachments", { method: "POST", headers: begun, signal });
    const { attachmentId, sizeBytes } = (await answer.json()) as UploadState;
    const path = `/api/attachments/${attachmentId}`;
    this.#uploads.set(file, path);
    return { path, sizeBytes };
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
