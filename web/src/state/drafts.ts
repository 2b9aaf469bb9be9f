import type { HostValues } from "../hosts/host.ts";

/** What was typed and not sent, by session. It outlives the page. */
export class Drafts {
  readonly #store: HostValues;
  readonly #texts = new Map<string, string>();

  constructor(store: HostValues) {
    this.#store = store;
  }

  /** What is known at once, while the store is still being read. */
  known(sessionId: string): string | undefined {
    return this.#texts.get(sessionId);
  }

  async read(sessionId: string): Promise<string> {
    const known = this.#texts.get(sessionId);
    if (known !== undefined) return known;
    const kept = (await this.#store.get(`draft.${sessionId}`)) ?? "";
    // Typing was faster.
    const typed = this.#texts.get(sessionId);
    if (typed !== undefined) return typed;
    this.#texts.set(sessionId, kept);
    return kept;
  }

  write(sessionId: string, text: string): void {
    this.#texts.set(sessionId, text);
    const key = `draft.${sessionId}`;
    // Sent or taken out again: nothing is left of it.
    const writing = text === "" ? this.#store.remove(key) : this.#store.set(key, text);
    writing.catch(() => {});
  }

  /** The session is gone, and its draft with it. */
  async erase(sessionId: string): Promise<void> {
    this.#texts.delete(sessionId);
    await this.#store.remove(`draft.${sessionId}`);
  }
}
