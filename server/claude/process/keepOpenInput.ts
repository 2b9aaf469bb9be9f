/**
 * The SDK's input of a process whose prompts are written to its stdin directly: an iteration that yields nothing and
 * lasts until it is ended, so that the SDK keeps the process open for as long.
 */
export class KeepOpenInput implements AsyncIterable<never> {
  #end!: () => void;
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  end(): void {
    this.#end();
  }

  [Symbol.asyncIterator](): AsyncIterator<never> {
    return { next: () => this.#ended.then(() => ({ done: true, value: undefined })) };
  }
}
