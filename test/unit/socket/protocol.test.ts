import { describe, expect, test } from "@jest/globals";
import { closeReason, parseFrame } from "../../../server/socket/protocol.ts";
import { clientFrameTypes } from "../../../server/wire/delivery/clientFrames.ts";

const session = "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11";

describe("frames", () => {
  test("of every type of the interface are known", () => {
    expect([...clientFrameTypes].sort()).toEqual(
      ["ack", "hello", "interrupt", "keepalive", "permission", "ping", "presence", "send"].sort(),
    );
  });

  test("keep what the schema knows and drop what it does not", () => {
    const text = JSON.stringify({ type: "ack", cursor: 7, ref: "r", colour: "red" });
    expect(parseFrame(text)).toEqual({ kind: "frame", frame: { type: "ack", cursor: 7, ref: "r" } });
  });

  test("with upper-case session ids mean the same session", () => {
    const text = JSON.stringify({ type: "interrupt", sessionId: session.toUpperCase() });
    expect(parseFrame(text)).toMatchObject({ kind: "frame", frame: { sessionId: session } });
  });

  test.each([
    ["no JSON", "{"],
    ["a list", "[1]"],
    ["null", "null"],
    ["no type", "{}"],
    ["a type that is no text", '{"type":7}'],
    ["an unknown type", '{"type":"shout"}'],
  ])("that are foreign: %s", (_name, text) => {
    expect(parseFrame(text).kind).toBe("foreign");
  });

  test.each([
    ["send without an id", { type: "send", message: "hi" }],
    ["send with an empty message", { type: "send", message: "", clientMessageId: "c" }],
    ["ack of a fraction", { type: "ack", cursor: 1.5 }],
    ["ack of a negative cursor", { type: "ack", cursor: -1 }],
    ["interrupt of nothing", { type: "interrupt" }],
    ["permission with another decision", { type: "permission", permissionId: "p", decision: "maybe" }],
    ["keepalive with another action", { type: "keepalive", sessionId: session, action: "die" }],
    ["send under an id with half a character", { type: "send", message: "hi", clientMessageId: "\ud83d" }],
    ["hello with a cursor of text", { type: "hello", cursor: "7" }],
  ])("that are faulty: %s", (_name, frame) => {
    const parsed = parseFrame(JSON.stringify({ ...frame, ref: "r" }));
    expect(parsed).toMatchObject({ kind: "faulty", type: frame.type, ref: "r" });
  });

  test("with a ref that is itself at fault are answered without it", () => {
    for (const ref of ["r".repeat(101), "half \ud83d"]) {
      const parsed = parseFrame(JSON.stringify({ type: "ping", ref }));
      expect(parsed).toMatchObject({ kind: "faulty", ref: undefined });
    }
  });
});

test("close reasons fit into a control frame, whatever they are made of", () => {
  for (const text of ["short", "x".repeat(500), "ä".repeat(80), "👋".repeat(60), `x${"👋".repeat(60)}`]) {
    expect(Buffer.byteLength(closeReason(text))).toBeLessThanOrEqual(123);
  }
});
