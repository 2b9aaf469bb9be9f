import type { Socket } from "node:net";
import type { RawData, WebSocket } from "ws";
import type { AttemptWindow } from "../access/attemptWindow.ts";
import type { Connection, Connections } from "../delivery/sockets/connections.ts";
import type { Caller } from "../domain/delivery/device.ts";
import { frameText } from "../domain/delivery/frameText.ts";
import { DaylongError } from "../domain/errors.ts";
import type { Clock, Log } from "../domain/ports.ts";
import {
  type ClientFrameType,
  closeCodes,
  type ErrorFrame,
  type ServerFrame,
} from "../wire/delivery/clientFrames.ts";
import { hasTooManyParts, partsBound } from "../wire/jsonParts.ts";
import { isCompressed } from "./compression.ts";
import type { Asker, FrameRouter } from "./frameRouter.ts";
import type { HeartbeatPeer } from "./heartbeat.ts";
import { closeReason, parseFrame } from "./protocol.ts";

/** What all sockets of devices share. */
export interface DeviceSocketParts {
  connections: Connections;
  router: FrameRouter;
  /** The orders of each device within a minute, over all its sockets. */
  orders: AttemptWindow;
  clock: Clock;
  log: Log;
}

/** A socket, and the device that said hello on it. */
export interface GreetedSocket {
  socket: WebSocket;
  /** What the socket writes to. */
  tcp: Pick<Socket, "cork" | "uncork">;
  caller: Caller;
}

/** Frames without a rate limit: reports of the device about itself, which cost next to nothing and start nothing. */
const unboundedTypes: ReadonlySet<string> = new Set<ClientFrameType>(["ack", "ping", "presence"]);

/**
 * The socket of an authenticated device: answers its frames, and sends what delivery has for it.
 *
 *   open -> closing (by us: nothing is heard or sent any more) -> closed
 */
export class DeviceSocket implements Connection, HeartbeatPeer, Asker {
  readonly caller: Caller;
  foreground: boolean | undefined;
  sessionInView: string | undefined;
  heardAt: number;
  readonly #parts: DeviceSocketParts;
  readonly #socket: WebSocket;
  readonly #tcp: GreetedSocket["tcp"];
  #open = true;
  #corked = false;

  constructor(parts: DeviceSocketParts, { socket, tcp, caller }: GreetedSocket) {
    this.#parts = parts;
    this.#socket = socket;
    this.#tcp = tcp;
    this.caller = caller;
    this.heardAt = parts.clock.monotonic();
  }

  get deviceId(): string {
    return this.caller.deviceId;
  }

  isOpen(): boolean {
    return this.#open;
  }

  setPresence(foreground: boolean, sessionInView: string | undefined): void {
    this.foreground = foreground;
    this.sessionInView = sessionInView;
  }

  send(text: string): void {
    if (!this.#open) return;
    this.#cork();
    // ws throws for a socket that is still connecting only; on a closing one it drops the text.
    this.#socket.send(text, { compress: isCompressed(text) });
  }

  /** The frames of one commit go out in one write: each write costs a call of the system, and wakes the reader. */
  #cork(): void {
    if (this.#corked) return;
    const tcp = this.#tcp;
    this.#corked = true;
    tcp.cork();
    queueMicrotask(() => {
      this.#corked = false;
      tcp.uncork();
    });
  }

  bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.leave();
    this.#socket.close(code, closeReason(reason));
  }

  ping(): void {
    if (this.#open) this.#socket.ping();
  }

  terminate(): void {
    this.#parts.log.info("socket.silent", { deviceId: this.deviceId });
    this.leave();
    this.#socket.terminate();
  }

  /** The socket is over for us: no frame of it counts any more. */
  leave(): void {
    this.#open = false;
    this.#parts.connections.remove(this);
  }

  heard(): void {
    this.heardAt = this.#parts.clock.monotonic();
  }

  /** Takes one message off the socket. */
  receive(data: RawData, isBinary: boolean): void {
    if (!this.#open) return;
    this.heard();
    if (isBinary) {
      this.close(closeCodes.badFrame, "Frames are text.");
      return;
    }
    if (hasTooManyParts(bytesOf(data))) {
      this.close(closeCodes.badFrame, `The frame has ${partsBound}.`);
      return;
    }
    const parsed = parseFrame(data.toString());
    switch (parsed.kind) {
      case "foreign":
        this.close(closeCodes.badFrame, parsed.detail);
        return;
      case "faulty":
        if (this.#isWithinLimit(parsed.type, parsed.ref)) {
          this.answer({ type: "error", ref: parsed.ref, code: "bad_frame", detail: parsed.detail });
        }
        return;
      case "frame":
        break;
    }
    const { frame } = parsed;
    if (!this.#isWithinLimit(frame.type, frame.ref)) return;
    if (frame.type === "hello") {
      this.answer({ type: "error", ref: frame.ref, code: "bad_frame", detail: "There was a hello already." });
      return;
    }
    try {
      const answer = this.#parts.router.to(frame, this);
      // A known answer is sent now: answers keep the order of their frames unless one has to wait.
      if (answer instanceof Promise) {
        answer.then(
          (later) => later && this.answer(later),
          (error: unknown) => this.#refuse(error, frame.type, frame.ref),
        );
      } else if (answer) {
        this.answer(answer);
      }
    } catch (error) {
      this.#refuse(error, frame.type, frame.ref);
    }
  }

  answer(frame: ServerFrame): void {
    if (!this.#open) return;
    const { connections } = this.#parts;
    // A pong says that the server lives, and it does while the disk does not answer.
    if (frame.type === "pong") connections.deliverNow(this, frameText(frame));
    else connections.deliver(this, frameText(frame), frame.type === "accepted" ? frame.turnId : undefined);
  }

  /** Counts an order; one too many is answered by `rate_limited` and not carried out. */
  #isWithinLimit(frameType: string, ref: string | undefined): boolean {
    if (unboundedTypes.has(frameType)) return true;
    try {
      this.#parts.orders.take(this.deviceId, "frames of this device in a minute");
      return true;
    } catch (error) {
      this.#refuse(error, frameType, ref);
      return false;
    }
  }

  #refuse(error: unknown, frameType: string, ref: string | undefined): void {
    const told: ErrorFrame =
      error instanceof DaylongError
        ? { type: "error", ref, code: error.code, detail: error.message, retryAfterMs: error.retryAfterMs }
        : {
            type: "error",
            ref,
            code: "internal_error",
            detail: "Something broke in the server; it is logged.",
          };
    if (told.code === "internal_error") {
      this.#parts.log.error("socket.frame_failed", { deviceId: this.deviceId, frameType, error });
    }
    this.answer(told);
  }
}

/** A text message as ws gives it, which is one buffer unless the socket was opened for another form. */
const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
