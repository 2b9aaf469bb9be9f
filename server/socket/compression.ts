import type { IncomingMessage } from "node:http";
import type { PerMessageDeflateOptions, WebSocket } from "ws";
import type { Clock } from "../domain/ports.ts";

/** A socket that said nothing for so long gives back what compression holds: about 260 KB a direction that was used. */
export const compressionIdleMs = 10_000;

/** Deltas shorter than this are sent as they are: the head of a packet is longer than what would be saved. */
const minCompressedDelta = 64;
/**
 * So long for anything else. To compress a frame takes a turn of a thread on this side and one on the client's, a millisecond or two
 * on a busy computer; of a short frame that stands alone, such as the end of a turn, it saves nothing that could be noticed.
 */
const minCompressedFrame = 1_024;
/** How a delta frame begins, and what the first one of a text has before its words. */
const deltaStart = '{"type":"delta"';
const firstDelta = '"offset":0,"text":';

/** Whether a frame to a client is compressed: long ones, and the deltas of a text but its first, for which a person waits. */
export function isCompressed(text: string): boolean {
  const isLaterDelta = text.startsWith(deltaStart) && text.lastIndexOf(firstDelta, 300) < 0;
  return text.length >= (isLaterDelta ? minCompressedDelta : minCompressedFrame);
}

/**
 * What the server agrees to. Frames to the client share one context: a delta is most of it the frame before, and the events at a turn's
 * end repeat its text. Each message of the client stands alone, so that its context can be released in between.
 *
 * Frozen: ws copies them for each connection, and V8 gives the copies of an object that may change a hidden class each, of 170 bytes.
 */
export const compressionOptions: Readonly<PerMessageDeflateOptions> = Object.freeze({
  clientNoContextTakeover: true,
});

/**
 * Drops an offer of compression by clients that cannot be asked for `client_no_context_takeover`. Apple's do not name a window size, take
 * the answer, and break the connection at their second message (uNetworking/uWebSockets#1347); they are served uncompressed.
 */
export function dropBrokenOffer({ headers }: Pick<IncomingMessage, "headers">): void {
  const offer = headers["sec-websocket-extensions"];
  if (offer !== undefined && !/;\s*client_(?:max_window_bits|no_context_takeover)\b/.test(offer))
    delete headers["sec-websocket-extensions"];
}

/** The part of ws that compresses the messages of one socket (permessage-deflate, RFC 7692). */
export interface MessageCompression {
  compress(data: unknown, isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void;
  decompress(data: unknown, isLast: boolean, callback: (error: Error | null, data?: Buffer) => void): void;
  /** Releases both contexts; the next message makes a new one. */
  cleanup(): void;
}

/** The compression that was agreed on for a socket. ws has no public way to it; a test tells when that changes. */
export function compressionOf(socket: WebSocket): MessageCompression | undefined {
  const extensions: unknown = Reflect.get(socket, "_extensions");
  if (typeof extensions !== "object" || extensions === null) return undefined;
  const compression: unknown = Reflect.get(extensions, "permessage-deflate");
  return isCompression(compression) ? compression : undefined;
}

const isCompression = (value: unknown): value is MessageCompression =>
  typeof value === "object" &&
  value !== null &&
  ["compress", "decompress", "cleanup"].every((name) => typeof Reflect.get(value, name) === "function");

/** Bounds what a message may become: of a stranger's few bytes nothing is made that a known device's frame could not be. */
export function limitInflated(compression: MessageCompression, bytes: number): void {
  Reflect.set(compression, "_maxPayload", bytes);
}

type Compress = MessageCompression["compress"];

/**
 * Release of the contexts of all sockets' compression, of each whenever it was idle for a while. A context that begins anew is right at
 * any message (RFC 7692, 7.2.1): it refers to nothing before, whatever the other side has kept.
 *
 * The two methods that tell of a use are shared by all: functions of its own, and the shape that they give an object, would be the most
 * of what an idle connection with compression costs. A socket that never used its compression has nothing here.
 */
export class IdleReleases {
  readonly #clock: Clock;
  readonly #byCompression = new WeakMap<MessageCompression, IdleRelease>();
  /** By the prototype of ws, its heir that notes each use. */
  readonly #noting = new WeakMap<object, object>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(compression: MessageCompression): void {
    const original: object = Reflect.getPrototypeOf(compression) ?? Object.prototype;
    Reflect.setPrototypeOf(
      compression,
      this.#noting.get(original) ?? this.#makeNoting(original, compression),
    );
  }

  /** The socket is closed. */
  stop(compression: MessageCompression): void {
    this.#of(compression).stop();
  }

  #makeNoting(original: object, { compress, decompress }: MessageCompression): object {
    const releaseOf = (compression: MessageCompression) => this.#of(compression);
    const noting = Object.assign(Object.create(original) as object, {
      compress(this: MessageCompression, ...[data, isLast, callback]: Parameters<Compress>) {
        const release = releaseOf(this);
        release.begin();
        compress.call(this, data, isLast, (error, result) => {
          release.end();
          callback(error, result);
        });
      },
      decompress(this: MessageCompression, ...[data, isLast, callback]: Parameters<Compress>) {
        const release = releaseOf(this);
        release.begin();
        decompress.call(this, data, isLast, (error, result) => {
          release.end({ isInMessage: !isLast });
          callback(error, result);
        });
      },
    });
    this.#noting.set(original, noting);
    return noting;
  }

  #of(compression: MessageCompression): IdleRelease {
    const known = this.#byCompression.get(compression);
    if (known !== undefined) return known;
    const release = new IdleRelease(compression, this.#clock);
    this.#byCompression.set(compression, release);
    return release;
  }
}

/** The release of one socket's contexts; it has a timer only while there is something to release. */
class IdleRelease {
  readonly #compression: MessageCompression;
  readonly #clock: Clock;
  #pending = 0;
  #isInMessage = false;
  #usedAt = 0;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  constructor(compression: MessageCompression, clock: Clock) {
    this.#compression = compression;
    this.#clock = clock;
  }

  begin(): void {
    this.#pending += 1;
  }

  /** `isInMessage`: between two fragments of a message that comes, whose context is still needed. */
  end({ isInMessage = this.#isInMessage }: { isInMessage?: boolean } = {}): void {
    this.#isInMessage = isInMessage;
    this.#pending -= 1;
    this.#usedAt = this.#clock.monotonic();
    this.#arm(compressionIdleMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #arm(delayMs: number): void {
    if (!this.#isStopped) this.#cancel ??= this.#clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    this.#cancel = undefined;
    const idleMs = this.#clock.monotonic() - this.#usedAt;
    if (this.#pending > 0 || this.#isInMessage || idleMs < compressionIdleMs)
      this.#arm(Math.max(compressionIdleMs - idleMs, compressionIdleMs / 10));
    else this.#compression.cleanup();
  }
}
