import type { z } from "zod";
import type * as client from "../../../client/src/connection/protocol.ts";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import type { Permission, PermissionDecision } from "../../../server/domain/sessions/permission.ts";
import type { Accepted, SessionView } from "../../../server/pool/port.ts";
import type { clientFrameSchema, ServerFrame } from "../../../server/wire/delivery/clientFrames.ts";
import type { Problem } from "../../../server/wire/problem.ts";
import type { newSessionSchema } from "../../../server/wire/sessions/sessions.ts";

/** Compiles only when whatever the server sends can be read as what the client expects. */
type Reads<Sent extends Expected, Expected> = Sent;

// C04: the type check is the test. The client's types are made from the server's schemas; what the server's own code calls
// an event, a session, a frame has to be the same, or the schemas describe something else.
export type Checks = [
  Reads<LoggedEvent, client.DaylongEvent>,
  Reads<SessionView, client.Session>,
  Reads<Permission, client.Permission>,
  Reads<Accepted, client.Accepted>,
  Reads<Problem, client.Problem>,
  // An answer to an order has the fields of its REST answer, which the server's own type leaves open.
  Reads<Exclude<ServerFrame, { type: "result" }>, client.ServerFrame>,
  // And the other way round: what the client sends is what the server parses.
  Reads<client.ClientFrame, z.input<typeof clientFrameSchema>>,
  Reads<client.NewSession, z.input<typeof newSessionSchema>>,
  Reads<client.PermissionAnswer, PermissionDecision>,
  // Nothing that may come is unknown to the client.
  Reads<LoggedEvent["type"], client.EventType>,
  Reads<client.EventType, LoggedEvent["type"]>,
  Reads<ServerFrame["type"], client.ServerFrame["type"]>,
];
