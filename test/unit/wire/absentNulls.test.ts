import { describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { withoutAbsentNulls } from "../../../server/wire/absentNulls.ts";
import { clientFrameSchema } from "../../../server/wire/delivery/clientFrames.ts";
import { devicePatchSchema } from "../../../server/wire/delivery/devices.ts";
import { askSchema } from "../../../server/wire/sessions/ask.ts";
import { messageFields } from "../../../server/wire/sessions/chat.ts";
import { permissionAnswerFields } from "../../../server/wire/sessions/permissions.ts";
import { newSessionSchema, sessionPatchSchema } from "../../../server/wire/sessions/sessions.ts";

const chatSchema = z.object(messageFields);
const answerSchema = z.object(permissionAnswerFields);
const session = "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11";

test.each<[string, z.ZodType, object, object]>([
  ["chat: every optional field", chatSchema, nulls(chatSchema, { message: "hi" }), { message: "hi" }],
  [
    "chat: an attachment",
    chatSchema,
    { message: "hi", attachments: [{ attachmentId: session, name: null, mimeType: null, data: null }] },
    { message: "hi", attachments: [{ attachmentId: session }] },
  ],
  [
    "a new session: every optional field",
    newSessionSchema,
    nulls(newSessionSchema, { projectPath: "/a" }),
    { projectPath: "/a" },
  ],
  [
    "a new session: some",
    newSessionSchema,
    { projectPath: "/a", resume: null, fork: null, title: "T" },
    { projectPath: "/a", title: "T" },
  ],
  [
    "a prompt without a session",
    askSchema,
    { projectPath: "/a", prompt: "p", prompts: null, model: null, timeoutMs: null, concurrency: null },
    { projectPath: "/a", prompt: "p", timeoutMs: 120_000, concurrency: 2 },
  ],
  [
    "a session's change, whose model is taken back",
    sessionPatchSchema,
    { title: null, model: null, muted: null },
    { model: null },
  ],
  ["a device's change", devicePatchSchema, { name: null, preferences: null }, {}],
  [
    "a device's change that removes its push target",
    devicePatchSchema,
    { name: null, push: null },
    { push: null },
  ],
  [
    "an answer whose edited input has nulls of its own",
    answerSchema,
    { decision: "allow", message: null, scope: null, updatedInput: { a: null, b: { c: null } } },
    { decision: "allow", updatedInput: { a: null, b: { c: null } } },
  ],
  [
    "frames: send",
    clientFrameSchema,
    {
      type: "send",
      ref: null,
      message: "hi",
      clientMessageId: "c",
      sessionId: null,
      projectPath: "/a",
      sendAt: null,
    },
    { type: "send", message: "hi", clientMessageId: "c", projectPath: "/a" },
  ],
  [
    "frames: hello",
    clientFrameSchema,
    { type: "hello", token: null, cursor: null, epoch: null, device: null, ref: null },
    { type: "hello" },
  ],
  [
    "frames: hello that removes a push target",
    clientFrameSchema,
    { type: "hello", cursor: 3, device: { push: null } },
    { type: "hello", cursor: 3, device: { push: null } },
  ],
  [
    "frames: keepalive",
    clientFrameSchema,
    { type: "keepalive", sessionId: session, action: null },
    { type: "keepalive", sessionId: session, action: "extend" },
  ],
  [
    "frames: interrupt",
    clientFrameSchema,
    { type: "interrupt", sessionId: session, turnId: null },
    { type: "interrupt", sessionId: session },
  ],
  [
    "frames: presence",
    clientFrameSchema,
    { type: "presence", foreground: true, sessionId: null },
    { type: "presence", foreground: true },
  ],
])("REPORT-11: null for what may be left out is absent: %s", (_what, schema, sent, understood) => {
  expect(schema.parse(withoutAbsentNulls(schema, sent))).toEqual(understood);
});

/** Null for every field but the required ones. */
function nulls({ shape }: z.ZodObject, required: Record<string, unknown>): object {
  return Object.assign(Object.fromEntries(Object.keys(shape).map((name) => [name, null])), required);
}

describe("REPORT-11: nulls that stay", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["of a required field", chatSchema, { message: null }],
    ["the whole body", chatSchema, null],
    ["in the place of an object of a list", chatSchema, { message: "hi", attachments: [null] }],
    ["of a frame's type", clientFrameSchema, { type: null }],
    ["of a frame's required field", clientFrameSchema, { type: "ack", cursor: null }],
  ])("REPORT-11: %s, and are refused as such", (_what, schema, sent) => {
    expect(withoutAbsentNulls(schema, sent)).toEqual(sent);
    expect(schema.safeParse(withoutAbsentNulls(schema, sent)).success).toBe(false);
  });

  test("REPORT-11: of unknown fields, in values of any shape, and where the schema gives them a meaning", () => {
    const schema = z.object({
      any: z.unknown(),
      list: z.array(z.string().nullable()),
      map: z.record(z.string(), z.object({ a: z.number().optional() })),
      reset: z.string().nullable().optional(),
    });
    const sent = { any: { x: null }, list: [null, "a"], map: { k: { a: null } }, reset: null, more: null };
    expect(withoutAbsentNulls(schema, sent)).toEqual({
      any: { x: null },
      list: [null, "a"],
      map: { k: {} },
      reset: null,
      more: null,
    });
  });

  test("REPORT-11: a field by the name of a property that every object has is no field of the schema", () => {
    const schema = z.object({ a: z.string().optional() });
    const sent: unknown = JSON.parse('{"__proto__":null,"constructor":null,"a":null}');
    expect(Object.keys(withoutAbsentNulls(schema, sent) as object)).toEqual(["__proto__", "constructor"]);
  });

  test("REPORT-11: a body that is nested very deeply is looked through as well", () => {
    let sent: unknown = null;
    for (let depth = 0; depth < 100_000; depth += 1) sent = [sent];
    const schema = z.object({ a: z.string().optional(), b: z.unknown() });
    expect(withoutAbsentNulls(schema, { a: null, b: sent })).toEqual({ b: sent });
  });
});
