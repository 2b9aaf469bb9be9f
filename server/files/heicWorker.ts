import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { maxImageBytes } from "../domain/sessions/attachment.ts";

/**
 * A thread that converts one HEIC to JPEG: the decoder takes seconds of one core and hundreds of megabytes for a photo.
 */
interface Conversion {
  buffer: Uint8Array;
  format: "JPEG";
  quality: number;
}
const convert = createRequire(import.meta.url)("heic-convert") as (
  wanted: Conversion,
) => Promise<ArrayBuffer>;

/** The first that gives a JPEG small enough for the API is taken. */
const qualities = [0.85, 0.6, 0.35];
/** Several times what a photo of 25 megapixels needs; the sizes that a file tells of itself may be forged. */
const decoderBytes = 768 * 1024 * 1024;
const pageBytes = 65_536;

interface DecoderMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}
/** The types of Node's globals leave it out. */
interface DecoderGlobals {
  WebAssembly: { Memory: { prototype: DecoderMemory } };
}

/** Bounds what the decoder may take: WebAssembly's memory does not count to a thread's own limits. */
function boundDecoder(): void {
  const { prototype } = (globalThis as unknown as DecoderGlobals).WebAssembly.Memory;
  const { grow } = prototype;
  prototype.grow = function (this: DecoderMemory, pages: number): number {
    if (this.buffer.byteLength + pages * pageBytes > decoderBytes)
      throw new RangeError("The image is too large.");
    return grow.call(this, pages);
  };
}

async function jpegOf(heic: Uint8Array): Promise<Uint8Array> {
  for (const quality of qualities) {
    const jpeg = new Uint8Array(await convert({ buffer: heic, format: "JPEG", quality }));
    if (jpeg.length <= maxImageBytes) return jpeg;
  }
  throw new Error("The JPEG is too large for the API at every quality.");
}

boundDecoder();
parentPort?.postMessage(await jpegOf(workerData as Uint8Array));
