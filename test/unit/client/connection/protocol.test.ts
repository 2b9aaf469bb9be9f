import { expect, test } from "@jest/globals";
import type * as client from "../../../../client/src/connection/protocol.ts";
import { terminalEvents } from "../../../../client/src/connection/protocol.ts";
import { terminalTurnEvents } from "../../../../server/domain/delivery/event.ts";
import { type ClientFrame, clientFrameSchema } from "../../../../server/wire/delivery/clientFrames.ts";

test("C04: the client's frames are frames of the server", () => {
  const frames: client.ClientFrame[] = [
    { type: "hello", token: "t", cursor: 4, epoch: "e" },
    { type: "send", ref: "m1", clientMessageId: "c", message: "Hello", projectPath: "/p" },
    { type: "ack", cursor: 4 },
    { type: "presence", foreground: true },
    { type: "ping" },
  ];
  const parsed: ClientFrame[] = frames.map((frame) => clientFrameSchema.parse(frame));
  expect(parsed.map(({ type }) => type)).toEqual(frames.map(({ type }) => type));
});

test("C04: the client knows by which events a turn ends", () => {
  expect([...terminalEvents].sort()).toEqual([...terminalTurnEvents].sort());
});
