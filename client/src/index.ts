export { DaylongClient } from "./client.ts";
export { EventStream } from "./connection/eventStream.ts";
export type { EventHandler, GapHandler } from "./connection/inbox.ts";
export type { KeptMessage } from "./connection/outbox.ts";
export * from "./connection/protocol.ts";
export type { LinkState, Position } from "./connection/socketLink.ts";
export { ClientStopped, DaylongProblem, TurnFailed } from "./errors.ts";
export { type ClientOptions, newMessageId } from "./options.ts";
export { type PairingOptions, pair } from "./pairing.ts";
export {
  type Clock,
  type KeptStore,
  memoryStore,
  type SocketConstructor,
  type SocketLike,
  type Waiting,
  webStore,
} from "./ports.ts";
export { SessionHandle, type Task } from "./session.ts";
export {
  type ClaudeComplete,
  type ClaudeError,
  type ClaudeEventName,
  type ClaudeOutput,
  ClaudeSessions,
  type ClaudeStatus,
  type Execution,
  type HistoryMessage,
  type ListenedEvents,
  type ListenedName,
  type RunningSession,
} from "./sessionManagement.ts";
export { Turn } from "./turn.ts";
