import { describe, expect, test } from "@jest/globals";
import {
  eventFrameText,
  frameText,
  maxServerFrameBytes,
} from "../../../../server/domain/delivery/frameText.ts";
import { eventTypes } from "../../../../server/wire/delivery/events.ts";
import { Chance } from "../../../support/chance.ts";

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

  const keysOfAMegabyte = Object.fromEntries(["a", "b", "c"].map((name) => [name.repeat(500_000), name]));
  const inputs: Array<[what: string, data: object]> = [
    [
      "a list of a million numbers",
      { messageId: "m", list: Array.from({ length: 1_000_000 }, (_one, at) => at) },
    ],
    ["names that are long themselves", { messageId: "m", input: keysOfAMegabyte }],
    [
      "100,000 short texts",
      { messageId: "m", texts: Array.from({ length: 100_000 }, (_one, at) => `text ${at}`) },
    ],
    [
      "nests of lists",
      {
        messageId: "m",
        nest: JSON.parse("[".repeat(2_000) + "]".repeat(2_000)),
        text: "x".repeat(2_000_000),
      },
    ],
    ["lone surrogates", { messageId: "m", text: "\ud800".repeat(700_000) }],
    ["half a pair at the cut", { messageId: "m", text: `x${"🙂".repeat(400_000)}` }],
    ["quotes and backslashes", { messageId: "m", text: '"\\'.repeat(400_000) }],
    ["line separators", { messageId: "m", text: "\u2028".repeat(400_000) }],
    ["a zero in each place", { messageId: "m", text: "\u0000".repeat(400_000) }],
    ["two long texts", { messageId: "m", one: "x".repeat(900_000), two: "y".repeat(900_000) }],
    [
      "a long text beside many fields",
      {
        messageId: "m",
        ...Object.fromEntries(Array.from({ length: 5_000 }, (_one, at) => [`f${at}`, at])),
        text: "x".repeat(2_000_000),
      },
    ],
    ["an undefined field", { messageId: "m", none: undefined, text: "x".repeat(2_000_000) }],
  ];
  test.each(inputs)("REPORT-6 %s is cut to size, and the event keeps its place and its id", (_what, data) => {
    const sent = frameText({
      type: "event",
      event: { cursor: 7, sessionId: "s", seq: 3, type: "message", at: 1, data },
    });
    expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(maxServerFrameBytes);
    expect(JSON.parse(sent)).toMatchObject({
      type: "event",
      event: {
        cursor: 7,
        sessionId: "s",
        seq: 3,
        type: "message",
        at: 1,
        truncated: true,
        data: { messageId: "m" },
      },
    });
    // UTF-8 has no form for half a pair.
    expect(sent.isWellFormed()).toBe(true);
  });

  test("REPORT-6 of every type of frame and event none is longer, whatever is in it", () => {
    const chance = new Chance(6);
    const characters = ["x", "ü", "🙂", "\u0007", '"', "\ud800", "\u2028"];
    const value = (depth: number): unknown => {
      const most = 300_000;
      if (chance.happens(0.4)) return chance.pick(characters)!.repeat(chance.between(0, most));
      if (depth > 2 || chance.happens(0.2)) return chance.between(0, 1e9);
      if (chance.happens(0.5)) return Array.from({ length: chance.between(0, 6) }, () => value(depth + 1));
      return Object.fromEntries(
        Array.from({ length: chance.between(0, 6) }, (_one, at) => [
          chance.happens(0.1) ? `k${at}`.repeat(50_000) : `k${at}`,
          value(depth + 1),
        ]),
      );
    };
    let cut = 0;
    for (let round = 0; round < 5; round += 1) {
      const event = {
        cursor: round + 1,
        sessionId: "s",
        seq: 1,
        type: chance.pick(eventTypes),
        at: 1,
        data: { permissionId: "p", input: value(0), more: value(0) },
      };
      for (const frame of [
        { type: "event", event },
        { type: "result", ref: "r", input: value(0), more: value(0) },
        { type: "error", ref: "r", code: "internal", detail: String(value(3)).repeat(9) },
        { type: "accepted", ref: "r", sessionId: "s", turnId: "t", note: value(0) },
        { type: "welcome", ref: "r", deviceId: "d", epoch: "e", cursor: 1, recovered: true, more: value(0) },
        { type: "activity", ref: "r", sessionId: "s", turnId: "t", kind: "task", text: value(0) },
      ]) {
        const sent = frameText(frame);
        expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(maxServerFrameBytes);
        const parsed = JSON.parse(sent);
        expect(parsed.type).toBe(frame.type);
        if ("event" in frame && frame.event)
          expect(parsed.event).toMatchObject({ cursor: frame.event.cursor, data: { permissionId: "p" } });
        else expect(parsed.ref).toBe("r");
        const mark = "event" in frame ? parsed.event.truncated : parsed.truncated;
        expect(mark === true).toBe(Buffer.byteLength(JSON.stringify(frame)) > maxServerFrameBytes);
        if (mark) cut += 1;
      }
    }
    expect(cut).toBeGreaterThan(3);
  });
});
