import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";

/** POSIX.1-1988 tar ("ustar"): headers and contents in blocks of 512 bytes. */
const blockBytes = 512;
const pieceBytes = 1024 * 1024;
/** Eleven octal digits. */
const mostBytes = 8 ** 11 - 1;
const nameBytes = 100;

/** What is known of an entry once its content has been read. */
export interface TarEntry {
  name: string;
  sizeBytes: number;
  /** Of the content, lower-case hex. */
  sha256: string;
}

/** Writer of a tar file of plain files, readable by their owner alone. Any `tar` unpacks it. */
export class TarWriter {
  readonly #file: number;
  readonly #modifiedSeconds: number;

  constructor(path: string, modifiedAt: number) {
    this.#file = openSync(path, "wx", 0o600);
    this.#modifiedSeconds = Math.floor(modifiedAt / 1_000);
  }

  /** Adds a file's content as it is now: what is written to it meanwhile is left out. */
  addFile(name: string, path: string): TarEntry {
    const source = openSync(path, "r");
    try {
      const sizeBytes = fstatSync(source).size;
      this.#head(name, sizeBytes);
      const hash = createHash("sha256");
      eachPiece(source, sizeBytes, (piece) => {
        hash.update(piece);
        this.#write(piece);
      });
      this.#fill(sizeBytes);
      return { name, sizeBytes, sha256: hash.digest("hex") };
    } finally {
      closeSync(source);
    }
  }

  addText(name: string, text: string): void {
    const content = Buffer.from(text);
    this.#head(name, content.length);
    this.#write(content);
    this.#fill(content.length);
  }

  /** Writes the end of the archive. */
  end(): void {
    this.#write(Buffer.alloc(2 * blockBytes));
  }

  close(): void {
    closeSync(this.#file);
  }

  #head(name: string, sizeBytes: number): void {
    if (Buffer.byteLength(name) > nameBytes || sizeBytes > mostBytes)
      throw new Error(`${name} is too large for a backup file, or its name too long.`);
    const head = Buffer.alloc(blockBytes);
    head.write(name, 0);
    head.write("0000600\0", 100);
    head.write("0000000\0", 108);
    head.write("0000000\0", 116);
    head.write(`${sizeBytes.toString(8).padStart(11, "0")}\0`, 124);
    head.write(`${this.#modifiedSeconds.toString(8).padStart(11, "0")}\0`, 136);
    head.write("0", 156);
    head.write("ustar\x0000", 257);
    head.write(`${checksumOf(head).toString(8).padStart(6, "0")}\0 `, 148);
    this.#write(head);
  }

  #fill(sizeBytes: number): void {
    const over = sizeBytes % blockBytes;
    if (over > 0) this.#write(Buffer.alloc(blockBytes - over));
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.#file, bytes, written, bytes.length - written);
  }
}

/** Takes the pieces of an entry's content in their order; `undefined` lets the content go by. */
export type Sink = ((piece: Buffer) => void) | undefined;

/**
 * Reads a tar file from its beginning to its end; `open` is told of each entry, and returns what takes its content. Throws when
 * the file is no tar file of plain files, or ends too early.
 */
export function readTar(path: string, open: (name: string, sizeBytes: number) => Sink): TarEntry[] {
  const file = openSync(path, "r");
  try {
    const entries: TarEntry[] = [];
    for (;;) {
      const head = Buffer.alloc(blockBytes);
      eachPiece(file, blockBytes, (piece) => piece.copy(head));
      if (head.every((byte) => byte === 0)) return entries;
      const { name, sizeBytes } = readHead(head);
      const sink = open(name, sizeBytes);
      const hash = createHash("sha256");
      eachPiece(file, sizeBytes, (piece) => {
        hash.update(piece);
        sink?.(piece);
      });
      eachPiece(file, (blockBytes - (sizeBytes % blockBytes)) % blockBytes, () => {});
      entries.push({ name, sizeBytes, sha256: hash.digest("hex") });
    }
  } finally {
    closeSync(file);
  }
}

function readHead(head: Buffer): { name: string; sizeBytes: number } {
  const textAt = (from: number, length: number) =>
    head
      .subarray(from, from + length)
      .toString()
      .replace(/\0.*/s, "");
  if (textAt(257, 5) !== "ustar" || Number.parseInt(textAt(148, 7), 8) !== checksumOf(head))
    throw new Error("It is no tar file, or is damaged.");
  const size = textAt(124, 12);
  if (textAt(156, 1) !== "0" || !/^[0-7]{1,11}$/.test(size))
    throw new Error("It holds other things than plain files.");
  return { name: textAt(0, nameBytes), sizeBytes: Number.parseInt(size, 8) };
}

/** The sum of the header's bytes, its own field taken as blanks. */
const checksumOf = (head: Buffer): number =>
  head.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);

/** Reads so many bytes in pieces; the piece is used again for the next one. */
function eachPiece(file: number, sizeBytes: number, take: (piece: Buffer) => void): void {
  const piece = Buffer.alloc(Math.min(sizeBytes, pieceBytes));
  for (let left = sizeBytes; left > 0; ) {
    const count = readSync(file, piece, 0, Math.min(left, piece.length), null);
    if (count === 0) throw new Error("It ends too early.");
    take(piece.subarray(0, count));
    left -= count;
  }
}
