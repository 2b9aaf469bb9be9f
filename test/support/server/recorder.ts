/** Keeps what arrives, and lets a test await what has not arrived yet. */
export class Recorder<Item> {
  readonly items: Item[] = [];
  readonly #watchers = new Set<(item: Item) => void>();

  add(item: Item): void {
    this.items.push(item);
    for (const watcher of this.#watchers) watcher(item);
  }

  /** The first kept or coming item that fits; rejects after `deadlineMs` of real time. */
  waitFor(fits: (item: Item) => boolean, deadlineMs: number): Promise<Item> {
    const known = this.items.find(fits);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const watcher = (item: Item): void => {
        if (!fits(item)) return;
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(item);
      };
      const timer = setTimeout(() => {
        this.#watchers.delete(watcher);
        reject(new Error(`Nothing that fits within ${deadlineMs} ms; ${this.items.length} others came.`));
      }, deadlineMs);
      this.#watchers.add(watcher);
    });
  }
}
