import { describe, expect, test } from "@jest/globals";
import type { Task } from "../../../../server/domain/sessions/task.ts";
import { aSession, useBench } from "../fixture.ts";

const bench = useBench();

function begin(change: Partial<Task> = {}): Task {
  const session = aSession();
  bench.store.sessions.insert(session);
  const { sessionId } = session;
  const task: Task = {
    taskId: "b1",
    sessionId,
    kind: "command",
    description: "Build",
    state: "running",
    startedAt: 1,
    ...change,
  };
  bench.store.tasks.start(task);
  return task;
}

describe("T03 the tasks of a session", () => {
  test("keep where a command writes, and the end of it, over a restart", () => {
    const { sessionId } = begin();
    expect(bench.store.tasks.outputFile(sessionId, "b1")).toBeUndefined();
    bench.store.tasks.setOutputFile(sessionId, "b1", "/tmp/b1.output");
    const output = { output: "one", totalBytes: 3, truncated: false };
    bench.store.tasks.setOutput(sessionId, "b1", output);
    bench.reopen();
    expect(bench.store.tasks.outputFile(sessionId, "b1")).toBe("/tmp/b1.output");
    expect(bench.store.tasks.output(sessionId, "b1")).toEqual(output);
    expect(bench.store.tasks.outputFile(sessionId, "b2")).toBeUndefined();
  });

  test("have the turn that started them as soon as it is said, and keep it in another run", () => {
    const task = begin({ kind: "agent" });
    const turnOf = () => bench.store.tasks.get(task.sessionId, "b1")?.turnId;
    expect(turnOf()).toBeUndefined();
    bench.store.tasks.start({ ...task, turnId: "t1" });
    bench.store.tasks.finish(task, { state: "completed", endedAt: 2 }, 100);
    bench.store.tasks.start({ ...task, turnId: undefined });
    expect([turnOf(), bench.store.tasks.get(task.sessionId, "b1")?.state]).toEqual(["t1", "running"]);
  });
});
