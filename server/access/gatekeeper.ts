import type { Caller } from "../domain/delivery/device.ts";

/** Recognises tokens; what the edges need of access. */
export interface Gatekeeper {
  /** The caller behind a bearer token, or `undefined`. Constant time in the token. */
  authenticate(token: string): Caller | undefined;
  /** Calls back when a device is revoked, so that its sockets close at once; the result unsubscribes. */
  onRevoked(listener: (deviceId: string) => void): () => void;
  /** Resolves a project path and checks it against the roots; throws `project_forbidden` or `project_not_found`. */
  resolveProject(path: string): Promise<string>;
}
