import type { SDKMessage } from "@anthropic-ai/claude-agent-sdk";
import { describe, expect, test } from "@jest/globals";
import { WakeupReader } from "../../../../server/claude/process/wakeupReader.ts";

/** What the CLI writes for a use of a tool and for its result, as far as the reader looks at it. */
const use = (id: string, name: string, input: object) =>
  ({
    type: "assistant",
    message: { content: [{ type: "tool_use", id, name, input }] },
  }) as unknown as SDKMessage;
const result = (id: string, output: object, isError = false) =>
  ({
    type: "user",
    message: { content: [{ type: "tool_result", tool_use_id: id, is_error: isError, content: "text" }] },
    tool_use_result: output,
  }) as unknown as SDKMessage;

const read = (...messages: SDKMessage[]) => {
  const reader = new WakeupReader();
  return messages.flatMap((message) => reader.read(message, (id) => `turn-of-${id}`));
};

const asked = { delaySeconds: 60, reason: "The build takes a minute", prompt: "look at the build" };
const answered = { scheduledFor: 1_795_837_020_000, clampedDelaySeconds: 60, wasClamped: false };

describe("T03 a wake-up that Claude schedules", () => {
  test("is known by its tool use, and takes the place of the one before", () => {
    expect(read(use("t1", "ScheduleWakeup", asked), result("t1", answered))).toEqual([
      { kind: "wakeups-dropped" },
      {
        kind: "wakeup-set",
        wakeup: {
          taskId: "t1",
          turnId: "turn-of-t1",
          description: "The build takes a minute",
          prompt: "look at the build",
          dueAt: 1_795_837_020_000,
          survivesResume: false,
        },
      },
    ]);
  });

  test("is dropped by the end of the loop", () => {
    const signals = read(
      use("t1", "ScheduleWakeup", { stop: true }),
      result("t1", { ...answered, stopped: true }),
    );
    expect(signals).toEqual([{ kind: "wakeups-dropped" }]);
  });

  test.each([
    ["once", false, undefined],
    ["again and again", true, "*/5 * * * *"],
  ])(
    "by a schedule that fires %s is known by the CLI's id, and is found again after a resume",
    (_how, recurring, schedule) => {
      const output = { id: "822e3e2a", humanSchedule: "Every 5 minutes", recurring, nextFireAt: 77_000 };
      const signals = read(
        use("t1", "CronCreate", { cron: "*/5 * * * *", prompt: "look" }),
        result("t1", output),
      );
      expect(signals).toEqual([
        {
          kind: "wakeup-set",
          wakeup: {
            taskId: "822e3e2a",
            turnId: "turn-of-t1",
            description: "Every 5 minutes: look",
            prompt: "look",
            dueAt: 77_000,
            survivesResume: true,
            schedule,
          },
        },
      ]);
    },
  );

  test("by a schedule is dropped by its id", () => {
    expect(read(use("t1", "CronDelete", { id: "a" }), result("t1", { id: "a" }))).toEqual([
      { kind: "wakeups-dropped", taskId: "a" },
    ]);
  });

  test.each([
    ["the tool failed", [use("t1", "ScheduleWakeup", asked), result("t1", answered, true)]],
    ["another tool gave the result", [use("t1", "Bash", asked), result("t1", answered)]],
    ["no use of a tool was seen", [result("t1", answered)]],
    ["the result says no instant", [use("t1", "ScheduleWakeup", asked), result("t1", { noop: true })]],
    [
      "the schedule is never due",
      [
        use("t1", "CronCreate", { cron: "x", prompt: "p" }),
        result("t1", { id: "a", humanSchedule: "", recurring: true }),
      ],
    ],
  ])("is none when %s", (_why, messages) => {
    expect(read(...messages)).toEqual([]);
  });
});
