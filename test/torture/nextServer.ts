import type { DaylongServer } from "../support/server/daylongServer.ts";

/** The server that runs, or the next one that will: whoever needs it waits, instead of asking a dead one. */
export class NextServer {
  readonly ready: Promise<DaylongServer>;
  #resolve: (server: DaylongServer) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.ready = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Nobody may be waiting when there will be none.
    this.ready.catch(() => undefined);
  }

  isReady(server: DaylongServer): void {
    this.#resolve(server);
  }

  willNotCome(): void {
    this.#reject(new Error("There will be no server any more."));
  }
}
