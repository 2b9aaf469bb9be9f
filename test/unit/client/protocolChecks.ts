import type { z } from "zod";
import type * as client from "../../../client/src/protocol.ts";
import type { LoggedEvent } from "../../../server/domain/event.ts";
import type { Permission, PermissionDecision } from "../../../server/domain/permission.ts";
import type { Accepted, SessionView } from "../../../server/pool/requests.ts";
import type { clientFrameSchema, ServerFrame } from "../../../server/wire/frames.ts";
import type { Problem } from "../../../server/wire/problem.ts";
import type { newSessionSchema } from "../../../server/wire/sessions.ts";

/** Compiles only when whatever the server sends can be read as what the client expects. */
type Reads<Sent extends Expected, Expected> = Sent;

// C04: the type check is the test: a field that the server does not send, or sends as something else, does not compile.
export type Checks = [
  Reads<LoggedEvent, client.DaylongEvent>,
  Reads<SessionView, client.Session>,
  Reads<Permission, client.Permission>,
  Reads<Accepted, client.Accepted>,
  Reads<Problem, client.Problem>,
  Reads<ServerFrame, client.ServerFrame>,
  // And the other way round: what the client sends is what the server parses.
  Reads<client.ClientFrame, z.input<typeof clientFrameSchema>>,
  Reads<client.NewSession, z.input<typeof newSessionSchema>>,
  Reads<client.PermissionAnswer, PermissionDecision>,
  // Nothing that may come is unknown to the client.
  Reads<LoggedEvent["type"], client.EventType>,
  Reads<client.EventType, LoggedEvent["type"]>,
  Reads<ServerFrame["type"], client.ServerFrame["type"]>,
];
