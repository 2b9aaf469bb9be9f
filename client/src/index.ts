export { type ClientOptions, DaylongClient } from "./client.ts";
export { ClientStopped, DaylongProblem, TurnFailed } from "./errors.ts";
export { EventStream } from "./eventStream.ts";
export type { EventHandler, GapHandler } from "./inbox.ts";
export type { LinkState, Position } from "./link.ts";
export type { KeptMessage } from "./outbox.ts";
export { type PairingOptions, pair } from "./pairing.ts";
export {
  type Clock,
  type KeptStore,
  memoryStore,
  type SocketConstructor,
  type SocketLike,
  webStore,
} from "./ports.ts";
export * from "./protocol.ts";
export { SessionHandle } from "./session.ts";
export {
  type ClaudeComplete,
  type ClaudeError,
  type ClaudeEventName,
  type ClaudeOutput,
  ClaudeSessions,
  type ClaudeStatus,
  type Execution,
  type HistoryMessage,
} from "./sessionManagement.ts";
export { Turn } from "./turn.ts";
