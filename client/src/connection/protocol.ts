import type { AcceptedFrame, Api, Event, SendFrame } from "../generated.ts";

/*
 * Names over the generated types of the outside of a Daylong server. Instants are milliseconds since the epoch; events,
 * frames, codes and fields that are not in the types are to be tolerated.
 */

export type {
  ActivityFrame as Activity,
  Api,
  ClientFrame,
  DeltaFrame as Delta,
  ErrorCode,
  Permission,
  PermissionMode,
  Problem,
  Project,
  ProjectSession,
  Recap,
  Reply,
  ServerFrame,
  Session,
  SessionState,
  Turn as TurnView,
  TurnState,
  Usage,
} from "../generated.ts";

/** The answer to a request: `Answer<"GET /api/sessions">`. */
export type Answer<Request extends keyof Api["answers"]> = Api["answers"][Request];

export type NewSession = Api["bodies"]["POST /api/sessions"];
export type SessionChange = Api["bodies"]["PATCH /api/sessions/{id}"];
export type SessionFilter = Api["queries"]["GET /api/sessions"];
export type PermissionAnswer = Api["bodies"]["POST /api/permissions/{permissionId}"];

/** One row of the log, of whichever type. `cursor` grows over the whole log; `seq` is gap-free in a session from 1. */
export type DaylongEvent = Event;
export type EventType = Event["type"];
/** What an event of each type says. */
export type EventData = { [T in EventType]: Extract<Event, { type: T }>["data"] };

/** The word that a message is kept and will end in one reply or one failure. */
export type Accepted = Omit<AcceptedFrame, "type" | "ref">;

/** What a message is: for a session, or for a new one in a project. */
export type Message = Omit<SendFrame, "type" | "ref" | "clientMessageId">;

export const terminalEvents = [
  "turn.completed",
  "turn.failed",
  "turn.interrupted",
  "turn.cancelled",
] as const satisfies EventType[];
export type TerminalEvent = Extract<DaylongEvent, { type: (typeof terminalEvents)[number] }>;
export const isTerminalEvent = (event: DaylongEvent): event is TerminalEvent =>
  (terminalEvents as readonly string[]).includes(event.type);
