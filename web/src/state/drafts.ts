import type { KeptStore } from "../../../client/src/index.ts";

/** What was typed and not sent, by session. It outlives the page. */
export class Drafts {
  readonly #store: KeptStore;
  readonly #texts = new Map<string, string>();

  constructor(store: KeptStore) {
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
    void Promise.resolve(this.#store.set(`draft.${sessionId}`, text)).catch(() => {});
  }
}
