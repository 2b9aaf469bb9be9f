import type { z } from "zod";
import {
  type ClientFrameType,
  clientFrameSchema,
  closeCodes,
  socketProtocol,
} from "../../wire/delivery/clientFrames.ts";
import { pushPayloadSchemas } from "../../wire/delivery/pushPayloads.ts";
import { serverFrameSchemas } from "../../wire/delivery/serverFrames.ts";
import { type JsonSchema, SchemaComponents } from "../../wire/jsonSchema.ts";

const introduction = `The WebSocket of a Daylong server, at /ws with the subprotocol ${socketProtocol}: one JSON object a text frame.

The client says hello first, within five seconds; the server answers welcome, sends the events the device missed,
oldest first, and from then on what happens. Every client frame may carry a ref, which its answer repeats. The token goes
into the Authorization header of the upgrade, or into the hello. The server pings every 15 seconds and drops a client
that was silent for 35.

Close codes: ${closeCodes.badFrame} bad frame, ${closeCodes.notAuthorised} not authorised, ${closeCodes.tooSlow} too slow
(resume by cursor), ${closeCodes.replacedProtocol} protocol no longer spoken, ${closeCodes.tooBig} frame too big,
${closeCodes.broken} the server's fault, ${closeCodes.serverRestart} the server restarts.`;

/** What each client frame is for, and the types of the server's answers besides `error`. */
const orders: Readonly<
  Record<ClientFrameType, { summary: string; replies: Array<keyof typeof serverFrameSchemas> }>
> = {
  hello: { summary: "Authenticate the device, and say from which cursor to go on.", replies: ["welcome"] },
  send: { summary: "Send a message.", replies: ["accepted"] },
  ack: { summary: "Say that the device holds everything up to a cursor.", replies: ["result"] },
  permission: { summary: "Answer a permission, a question or a plan.", replies: ["result"] },
  interrupt: { summary: "Stop the running turn of a session.", replies: ["result"] },
  keepalive: { summary: "Open a session's next lease term, or ask for a recap.", replies: ["result"] },
  presence: { summary: "Say whether the app is in the foreground.", replies: ["result"] },
  ping: { summary: "Ask whether the server is there.", replies: ["pong"] },
};

const channelRef = { $ref: "#/channels/socket" };
const security = [{ $ref: "#/components/securitySchemes/token" }];
const inChannel = (name: string) => ({ $ref: `#/channels/socket/messages/${name}` });

/** Describes every frame by the schemas that parse the client's and check the server's: AsyncAPI 3.0. */
export function asyncApiDocument(version: string): JsonSchema {
  const components = new SchemaComponents("draft-07");
  const messages: Record<string, JsonSchema> = {};
  const operations: Record<string, JsonSchema> = {};
  const message = (name: string, summary: string | undefined, schema: z.ZodType) => {
    messages[name] = {
      name,
      ...(summary === undefined ? {} : { summary }),
      payload: components.describe(schema),
    };
  };
  for (const schema of clientFrameSchema.options) {
    const type = schema.shape.type.value;
    const { summary, replies } = orders[type];
    message(type, summary, schema);
    operations[type] = {
      action: "receive",
      channel: channelRef,
      security,
      summary,
      messages: [inChannel(type)],
      reply: { channel: channelRef, messages: [...replies, "error"].map(inChannel) },
    };
  }
  for (const [type, schema] of Object.entries(serverFrameSchemas)) message(type, schema.description, schema);
  // What Apple delivers goes over no socket of ours; its schemas stand here so that every shape has one document.
  for (const schema of Object.values(pushPayloadSchemas)) components.describe(schema);
  for (const type of ["event", "delta", "activity"] as const) {
    operations[type] = {
      action: "send",
      channel: channelRef,
      security,
      summary: serverFrameSchemas[type].description,
      messages: [inChannel(type)],
    };
  }
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Daylong",
      version,
      description: introduction,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
    },
    defaultContentType: "application/json",
    channels: {
      socket: {
        address: "/ws",
        description: "The one connection of a device.",
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: {
          ws: {
            method: "GET",
            headers: {
              type: "object",
              properties: {
                Authorization: { type: "string", description: "Bearer TOKEN, unless the hello carries it." },
                "Sec-WebSocket-Protocol": { type: "string", const: socketProtocol },
              },
              required: ["Sec-WebSocket-Protocol"],
            },
            bindingVersion: "0.1.0",
          },
        },
      },
    },
    operations,
    components: {
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A device's token, in the upgrade's Authorization header or in the hello.",
        },
      },
      messages,
      schemas: components.all(),
    },
  };
}
