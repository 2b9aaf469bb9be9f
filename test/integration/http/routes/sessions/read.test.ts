import { expect, test } from "@jest/globals";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

test("D20 a list of sessions says what runs, what was said last and what is unread, until it is read", async () => {
  const body = { message: "Tidy up", projectPath: rig.project };
  const { sessionId, turnId } = (await rig.ask("POST", "/api/chat", { body })).body;
  const process = await rig.host.prompted(String(turnId));
  process.startTool("t1");
  const list = async () =>
    ((await rig.ask("GET", "/api/sessions")).body as { sessions: Array<Record<string, unknown>> })
      .sessions[0]!;
  expect(await list()).toMatchObject({
    readSeq: 0,
    unread: 0,
    turn: { turnId, origin: "user", startedAt: expect.any(Number), lastTool: "Bash: ls" },
  });
  process.reply("All is tidy.");
  await rig.clock.run(1_000);
  const done = await list();
  expect(done).toMatchObject({ unread: 1, lastText: "All is tidy." });
  expect(done).not.toHaveProperty("turn");
  const read = (seq: unknown) => rig.ask("POST", `/api/sessions/${sessionId}/read`, { body: { seq } });
  expect((await read(1)).body).toEqual({ sessionId, readSeq: 1, unread: 1 });
  expect((await read(done.lastSeq)).body).toEqual({ sessionId, readSeq: done.lastSeq, unread: 0 });
  expect((await read(2)).body).toMatchObject({ readSeq: done.lastSeq, unread: 0 });
  expectProblem(await read(-1), 400, "invalid_request");
  const unknown = "/api/sessions/00000000-0000-4000-8000-000000000000/read";
  expectProblem(await rig.ask("POST", unknown, { body: { seq: 1 } }), 404, "session_not_found");
});
