import { Worker } from "node:worker_threads";
import type { Clock, Log } from "../domain/ports.ts";

/** A photo of 24 megapixels takes some seconds; a message waits no longer than this. */
export const heicDeadlineMs = 30_000;
/** Of the thread's own heap. The decoder's memory is bounded in the thread itself (`heicWorker.ts`). */
const heapMb = 256;

export interface HeicConverterParts {
  clock: Clock;
  log: Log;
  /** The thread's program. */
  program?: URL;
}

/**
 * Converter of HEIC images to JPEG, each in a thread of its own with a deadline, one at a time: two at once would take the
 * memory of two. Never throws: an image that cannot be converted is given to Claude as a file.
 */
export class HeicConverter {
  readonly #parts: Required<HeicConverterParts>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: HeicConverterParts) {
    this.#parts = { program: new URL("./heicWorker.js", import.meta.url), ...parts };
  }

  /** The JPEG, small enough for the API; `undefined` when there is none in time. */
  toJpeg(heic: Buffer): Promise<Buffer | undefined> {
    const converted = this.#last.then(() => this.#convert(heic));
    this.#last = converted;
    return converted;
  }

  async #convert(heic: Buffer): Promise<Buffer | undefined> {
    const { clock, log, program } = this.#parts;
    // It reads nothing of ours but the image.
    const worker = new Worker(program, {
      workerData: new Uint8Array(heic),
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      env: {},
      // The decoder prints its faults.
      stdout: true,
      stderr: true,
    });
    let cancel = () => {};
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        cancel = clock.after(heicDeadlineMs, () => reject(new Error(`not within ${heicDeadlineMs} ms`)));
        worker.once("message", (jpeg: Uint8Array) => resolve(Buffer.from(jpeg)));
        worker.once("error", reject);
        worker.once("exit", (code) => reject(new Error(`the thread ended with ${code}`)));
      });
    } catch (error) {
      log.warn("attachment.not_converted", { sizeBytes: heic.length, error });
      return undefined;
    } finally {
      cancel();
      await worker.terminate();
    }
  }
}
