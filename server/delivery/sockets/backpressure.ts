/**
 * Backpressure: a connection whose client reads too slowly is closed, so that neither the server's memory nor the other
 * connections pay for it. The client resumes by its cursor.
 */

/** Close code of a connection that is too slow (docs/api.md, WebSocket). */
export const tooSlowCode = 4408;

/** A connection with more than this unsent, when its next frame is due, is closed (docs/api.md, WebSocket: 1 MB). */
export const maxUnsentBytes = 1024 * 1024;

/** A socket that takes bytes, and the frames that wait for the disk before they are handed to it. */
interface Socket {
  bufferedBytes(): number;
}
interface WaitingFrames {
  readonly heldChars: number;
}

/** Bytes not yet taken by the operating system, plus the characters that wait for the disk. */
export const unsentBytesOf = (socket: Socket, frames: WaitingFrames | undefined): number =>
  socket.bufferedBytes() + (frames?.heldChars ?? 0);

/** Whether the connection is to be closed rather than sent another frame. */
export const isTooSlow = (socket: Socket, frames: WaitingFrames): boolean =>
  unsentBytesOf(socket, frames) > maxUnsentBytes;
