import { StringDecoder } from "node:string_decoder";
import type { ReadStream } from "node:tty";
import { type Key, KeyDecoder } from "./keys.ts";

/** So long a sequence may take that came in two parts; then Escape was pressed. */
const escapeMs = 60;

/** Input of a terminal, a key at a time: the terminal neither shows what is typed nor makes signals of it. */
export class TerminalInput {
  readonly #stream: ReadStream;
  readonly #decoder = new KeyDecoder();
  readonly #utf8 = new StringDecoder("utf8");
  #listener: (key: Key) => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: ReadStream) {
    this.#stream = stream;
  }

  open(): void {
    this.#stream.setRawMode(true);
    this.#stream.on("data", this.#take);
    this.#stream.resume();
  }

  /** The terminal is again as it was. */
  close(): void {
    clearTimeout(this.#timer);
    this.#stream.off("data", this.#take);
    this.#stream.setRawMode(false);
    this.#stream.pause();
  }

  /** Who gets the keys from now on. */
  listen(listener: (key: Key) => void): void {
    this.#listener = listener;
  }

  readonly #take = (chunk: Buffer): void => {
    clearTimeout(this.#timer);
    this.#tell(this.#decoder.take(this.#utf8.write(chunk)));
    if (this.#decoder.isPending) this.#timer = setTimeout(() => this.#tell(this.#decoder.flush()), escapeMs);
  };

  #tell(keys: readonly Key[]): void {
    for (const key of keys) this.#listener(key);
  }
}
