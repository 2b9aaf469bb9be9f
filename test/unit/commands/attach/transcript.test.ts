import { describe, expect, test } from "@jest/globals";
import type { DaylongEvent, Permission, Session } from "../../../../client/src/index.ts";
import { itemLines } from "../../../../server/commands/attach/itemLines.ts";
import { Transcript } from "../../../../server/commands/attach/transcript.ts";

let seq = 0;
const event = (type: DaylongEvent["type"], data: object = {}, turnId = "t1"): DaylongEvent => {
  seq += 1;
  return { cursor: seq, seq, sessionId: "s", type, at: 1_000 * seq, turnId, data } as DaylongEvent;
};
const accepted = (message: string, deviceId = "local", turnId = "t1") =>
  event(
    "turn.accepted",
    { messageId: "m", message, clientMessageId: "c", deviceId, attachments: [] },
    turnId,
  );
const completed = (turnId = "t1") =>
  event(
    "turn.completed",
    { messageId: "m", text: "", costUsd: 0.5, durationMs: 3_000, numTurns: 1, usage: {} },
    turnId,
  );
const tool = (id: string, title: string) => event("tool.started", { toolUseId: id, toolName: "Bash", title });
const permission = (id: string, title: string) => ({ permissionId: id, sessionId: "s", title, kind: "tool" });

const canvas = { width: 60, hasColors: false };
const printed = (transcript: Transcript, ...events: DaylongEvent[]) =>
  events
    .flatMap((one) => transcript.hear(one))
    .flatMap((item) => itemLines(item, canvas).filter((line) => line !== ""));

describe("Transcript", () => {
  test("a message is printed when Claude begins with it, and says that it is another device's", () => {
    const transcript = new Transcript("local");
    expect(printed(transcript, accepted("first"), event("turn.started", { origin: "user" }))).toEqual([
      "❯ first",
    ]);
    expect(printed(transcript, accepted("second", "phone", "t2"))).toEqual([]);
    expect(transcript.waiting).toEqual([{ turnId: "t2", text: "second" }]);
    expect(printed(transcript, event("message", { messageId: "m", text: "**Hi**" }), completed())).toEqual([
      "● Hi",
      "  3 s · $0.5000",
    ]);
    expect(printed(transcript, event("turn.started", { origin: "user" }, "t2"))).toEqual([
      "❯ second  (another device)",
    ]);
    expect(transcript.runningTurn?.turnId).toBe("t2");
  });

  test("an event that comes again is printed once", () => {
    const transcript = new Transcript("local");
    const said = event("message", { messageId: "m", text: "Once." });
    expect(printed(transcript, said, said)).toEqual(["● Once."]);
  });

  test("tools and tasks are one line each, when they have ended, whatever they printed", () => {
    const transcript = new Transcript("local");
    printed(transcript, event("turn.started", { origin: "user" }));
    expect(printed(transcript, tool("a", "Bash: npm test"), tool("b", "Bash: ls\nmore"))).toEqual([]);
    expect(transcript.work).toEqual(["Bash: npm test", "Bash: ls\nmore"]);
    const done = (id: string, failed: boolean, more: object = {}) =>
      event("tool.finished", { toolUseId: id, toolName: "Bash", failed, ...more });
    expect(printed(transcript, done("a", true, { summary: "exit 1\nmore" }))).toEqual([
      "✗ Bash npm test  exit 1",
    ]);
    expect(printed(transcript, done("b", false, { insertions: 2, deletions: 0 }))).toEqual([
      "✓ Bash ls more  +2 −0",
    ]);
    const task = { taskId: "k", kind: "command", description: "sleep 5" };
    expect(printed(transcript, event("task.started", { ...task, state: "running" }))).toEqual([
      "◇ task running: sleep 5",
    ]);
    expect(printed(transcript, event("task.finished", { ...task, state: "stopped", cutOff: true }))).toEqual([
      "◆ task stopped: sleep 5  its process has ended",
    ]);
  });

  test("the end of a turn ends its tools, and says how it ended", () => {
    const transcript = new Transcript("local");
    printed(transcript, event("turn.started", { origin: "user" }), tool("a", "Bash: sleep 9"));
    const detail = "The server was restarted.";
    expect(printed(transcript, event("turn.interrupted", { code: "server_restarted", detail }))).toEqual([
      "? Bash sleep 9  no result was heard",
      "  Interrupted (server_restarted): The server was restarted.",
    ]);
    expect([transcript.runningTurn, transcript.work]).toEqual([undefined, []]);
    expect(printed(transcript, event("turn.failed", { code: "stalled", detail: "No sign." }))).toEqual([
      "  Failed (stalled): No sign.",
    ]);
  });

  test("a turn that Claude begins by itself says why", () => {
    const transcript = new Transcript("local");
    expect(printed(transcript, event("turn.started", { origin: "task" }))).toEqual([
      "  Claude goes on by itself: a task has ended.",
    ]);
  });

  test("permissions are open until they are answered or withdrawn, here or elsewhere, the oldest first", () => {
    const transcript = new Transcript("local");
    printed(
      transcript,
      event("permission.requested", permission("p1", "Bash: rm")),
      event("permission.requested", permission("p2", "Write: a")),
    );
    expect([transcript.openPermission?.permissionId, transcript.openPermissions]).toEqual(["p1", 2]);
    const resolved = (permissionId: string, by: string) =>
      event("permission.resolved", { permissionId, decision: "allow", by, scope: "once" });
    expect(printed(transcript, resolved("p1", "phone"))).toEqual(["  Allowed on another device: Bash: rm"]);
    expect(transcript.openPermission?.permissionId).toBe("p2");
    expect(
      printed(transcript, event("permission.expired", { permissionId: "p2", reason: "timed_out" })),
    ).toEqual(["  Not asked any more, nobody answered in time: Write: a"]);
    expect(transcript.openPermission).toBeUndefined();
  });

  test("begins with what the server says: the running turn and what is open in this session", () => {
    const transcript = new Transcript("local");
    const session = { sessionId: "s", turn: { turnId: "t9", origin: "user", startedAt: 5 } } as Session;
    const open = { ...permission("p3", "Bash: x"), state: "open" } as Permission;
    const other = { ...permission("p4", "Bash: y"), sessionId: "other", state: "open" } as Permission;
    transcript.begin(session, [other, open]);
    expect(transcript.runningTurn).toEqual({ turnId: "t9", startedAt: 5 });
    expect([transcript.openPermission, transcript.openPermissions]).toEqual([open, 1]);
  });
});
