import { describe, expect, test } from "@jest/globals";
import type { z } from "zod";
import { clientFrameSchema } from "../../../server/wire/delivery/clientFrames.ts";
import { anyIdSchema, idSchema, uuidSchema } from "../../../server/wire/ids.ts";
import { attachmentSchema } from "../../../server/wire/sessions/chat.ts";
import { forkSchema, newSessionSchema, rewindSchema } from "../../../server/wire/sessions/sessions.ts";

const id = "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11";
const ID = id.toUpperCase();

test.each<[string, z.ZodType, object]>([
  ["resume", newSessionSchema, { projectPath: "/a", resume: ID }],
  ["resumeAt", newSessionSchema, { projectPath: "/a", resume: "latest", resumeAt: ID }],
  ["an attachment's", attachmentSchema, { attachmentId: ID }],
  ["the message at which a fork ends", forkSchema, { atMessageId: ID }],
  ["the message before which files are put back", rewindSchema, { messageId: ID }],
  [
    "a send frame's session",
    clientFrameSchema,
    { type: "send", sessionId: ID, message: "m", clientMessageId: "c" },
  ],
  ["a permission frame's", clientFrameSchema, { type: "permission", permissionId: ID, decision: "allow" }],
  ["an interrupt frame's turn", clientFrameSchema, { type: "interrupt", sessionId: ID, turnId: ID }],
  ["a keepalive frame's session", clientFrameSchema, { type: "keepalive", sessionId: ID }],
  ["a presence frame's session", clientFrameSchema, { type: "presence", foreground: true, sessionId: ID }],
  ["a hello frame's epoch", clientFrameSchema, { type: "hello", epoch: ID }],
])("REPORT-11: a UUID in capitals is the same one: %s", (_what, schema, sent) => {
  const text = JSON.stringify(schema.parse(sent));
  expect(text).toContain(id);
  expect(text).not.toContain(ID);
});

describe("REPORT-11: letters that count", () => {
  test("REPORT-11: clientMessageId and ref are the client's own", () => {
    const frame = { type: "send", ref: ID, sessionId: id, message: "m", clientMessageId: ID };
    expect(clientFrameSchema.parse(frame)).toMatchObject({ ref: ID, clientMessageId: ID });
  });

  test("REPORT-11: an id of another program keeps its letters", () => {
    expect([anyIdSchema.parse("toolu_01AbC"), anyIdSchema.parse(ID)]).toEqual(["toolu_01AbC", id]);
    expect([idSchema.parse("ME"), uuidSchema.safeParse("toolu_01AbC").success]).toEqual(["me", false]);
  });
});
