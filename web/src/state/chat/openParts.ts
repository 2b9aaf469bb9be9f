import { signal } from "@preact/signals";

/**
 * The parts of a conversation that the reader has opened, by the keys of their entries. It outlives the rows, which are drawn
 * only while they are in view and are made anew when a second tool joins the first.
 */
export class OpenParts {
  readonly #keys = signal<ReadonlySet<string>>(new Set());

  has(key: string): boolean {
    return this.#keys.value.has(key);
  }

  set(keys: readonly string[], isOpen: boolean): void {
    const next = new Set(this.#keys.value);
    for (const key of keys) {
      if (isOpen) next.add(key);
      else next.delete(key);
    }
    this.#keys.value = next;
  }
}
