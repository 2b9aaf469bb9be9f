import { describe, expect, test } from "@jest/globals";
import {
  eventFrameText,
  frameText,
  maxServerFrameBytes,
} from "../../../../server/domain/delivery/frameText.ts";

describe("the text of a frame", () => {
  test("D22 a frame that is small enough is sent as it is", () => {
    const frame = { type: "event", event: { cursor: 1, data: { text: "ü".repeat(500_000) } } };
    expect(frameText(frame)).toBe(JSON.stringify(frame));
  });

  test.each([
    ["ASCII", "x"],
    ["umlauts", "ü"],
    ["emoji", "🙂"],
    ["controls", "\u0007"],
  ])("REPORT-6 a reply of 1.3 MB of %s is cut at a character and says so beside it", (_what, character) => {
    const text = character.repeat(1_300_000 / Buffer.byteLength(character));
    const sent = frameText({
      type: "event",
      event: { cursor: 7, type: "message", data: { messageId: "m", text } },
    });
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(maxServerFrameBytes);
    expect(Buffer.byteLength(sent)).toBeGreaterThan(maxServerFrameBytes - 64);
    const { event } = JSON.parse(sent);
    expect(event).toMatchObject({ cursor: 7, truncated: true, data: { messageId: "m" } });
    expect(text.startsWith(event.data.text)).toBe(true);
  });

  test("REPORT-6 a permission with 1.5 MB of input keeps its ids and its title", () => {
    const data = {
      permissionId: "p",
      title: "Write: a",
      input: { file_path: "/a", content: "y".repeat(1_500_000) },
    };
    const sent = frameText({ type: "event", event: { cursor: 7, type: "permission.requested", data } });
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(maxServerFrameBytes);
    expect(JSON.parse(sent).event).toMatchObject({
      data: { permissionId: "p", title: "Write: a", input: { file_path: "/a" } },
      truncated: true,
    });
  });

  test("REPORT-6 an answer that is too long says so beside what was cut", () => {
    const sent = frameText({ type: "result", ref: "r", recap: { text: "z".repeat(2_000_000) } });
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(maxServerFrameBytes);
    expect(JSON.parse(sent)).toMatchObject({ type: "result", ref: "r", truncated: true });
  });

  test.each([
    ["with a turn", { turnId: "t" }, { messageId: "m", text: 'a "quoted" ünïcödé 🙂 line\nand one more}' }],
    ["without a turn", {}, { title: "New" }],
    ["without anything in it", {}, {}],
    ["that is too long", { turnId: "t" }, { messageId: "m", text: "x".repeat(1_300_000) }],
  ])("the frame of a kept event %s is the same as that of the event", (_what, turn, data) => {
    const head = Object.assign(
      { cursor: 7, sessionId: "s", seq: 3, type: "message", at: 1_790_000_000_000 },
      turn,
    ) as Parameters<typeof eventFrameText>[0];
    const text = eventFrameText(head, JSON.stringify(data));
    expect(text).toBe(frameText({ type: "event", event: { ...head, data } }));
  });
});
