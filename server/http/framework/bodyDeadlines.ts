import type { Request, Response } from "express";
import type { Clock } from "../../domain/ports.ts";

/** How long a body may take in all, unless its route takes files. */
const bodyMs = 300_000;
/** A file may take as long as bytes of it come; so long without one, and the connection is given up. */
const silenceMs = 60_000;

/**
 * Deadlines of request bodies. Node's own (`requestTimeout`) is one for all: long enough for a file over a slow line, it would
 * let anybody hold connections; short enough for a message, it cuts the file off.
 */
export class BodyDeadlines {
  readonly #clock: Clock;
  readonly #cancels = new WeakMap<Request, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the connection of a request whose body is not there in time. */
  watch(request: Request): void {
    if (request.complete) return;
    const { socket } = request;
    this.#cancels.set(
      request,
      this.#clock.after(bodyMs, () => request.destroy()),
    );
    const cancel = () => {
      socket.off("close", cancel);
      this.#cancels.get(request)?.();
      this.#cancels.delete(request);
    };
    request.once("end", cancel);
    request.once("close", cancel);
    // Node forgets a request that is answered before its body is there.
    socket.once("close", cancel);
  }

  /** From now on, and until it is answered, the body may take as long as its bytes come: what follows is thrown away. */
  allowSlow(request: Request, response: Response): void {
    const { socket } = request;
    response.once("finish", () => {
      if (!this.#cancels.has(request)) return;
      this.#cancels.get(request)?.();
      this.#cancels.set(
        request,
        this.#clock.after(bodyMs, () => request.destroy()),
      );
    });
    const arm = (seenBytes: number) => {
      if (!this.#cancels.has(request)) return;
      this.#cancels.get(request)?.();
      const look = () => (socket.bytesRead === seenBytes ? request.destroy() : arm(socket.bytesRead));
      this.#cancels.set(request, this.#clock.after(silenceMs, look));
    };
    arm(socket.bytesRead);
  }
}
