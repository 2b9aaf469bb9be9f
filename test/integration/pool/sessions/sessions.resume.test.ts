import { describe, expect, test } from "@jest/globals";
import { minuteMs, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const begin = (options = {}) =>
  rig.current.pool.createSession({ caller: owner, projectPath: "/projects/alpha", options });

describe("REPORT-14: a terminal's conversation that was resumed and closed here", () => {
  const projectPath = "/projects/alpha";
  /** Closed, after so many turns; Claude keeps it under `conversation`, begun so long before the session was. */
  async function closed({ conversation = "terminal", age = minuteMs, turns = 1 } = {}) {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    await clock.run(2 * minuteMs);
    host.transcripts.add(conversation);
    const createdAt = clock.now() - age;
    rig.current.kept.push({
      sessionId: conversation,
      projectPath,
      title: "T",
      createdAt,
      lastActivityAt: clock.now(),
    });
    const { sessionId } = await begin({ origin: { resume: conversation, fork: false } });
    for (let turn = 0; turn < turns; turn += 1) {
      rig.current.submit({ sessionId, message: "More" });
      await clock.settle();
      host.process(sessionId).reply("Yes.");
      await clock.settle();
    }
    await pool.closeSession(sessionId, owner);
    return sessionId;
  }
  const resume = (id: string) => begin({ origin: { resume: id, fork: false } });
  const latest = () =>
    rig.current.pool.createSession({ caller: owner, projectPath, options: {}, latest: { fork: false } });
  const conversationOf = async (sessionId: string) => {
    rig.current.submit({ sessionId, message: "Go on" });
    await rig.current.clock.settle();
    return rig.current.host.process(sessionId).spec.claudeSessionId;
  };

  test.each([0, 1, 3])(
    "REPORT-14: is resumed by its id after %d turns, in a session of its own",
    async (turns) => {
      const gone = await closed({ turns });
      const view = await resume("terminal");
      expect(view.sessionId).not.toBe(gone);
      expect([view.state, rig.current.state(gone)]).toEqual(["parked", "closed"]);
      expect(await conversationOf(view.sessionId)).toBe("terminal");
    },
  );

  test.each([0, 1, 3])("REPORT-14: is the project's latest after %d turns", async (turns) => {
    const gone = await closed({ turns });
    const view = await latest();
    expect(view.sessionId).not.toBe(gone);
    expect(await conversationOf(view.sessionId)).toBe("terminal");
  });

  test("REPORT-14: is resumed once: the next one who asks gets the same session", async () => {
    await closed();
    const view = await resume("terminal");
    expect((await resume("terminal")).sessionId).toBe(view.sessionId);
    rig.current.submit({ sessionId: view.sessionId, message: "Go on" });
    expect((await latest()).sessionId).toBe(view.sessionId);
    const both = await Promise.all([resume("terminal"), latest()]);
    expect(new Set(both.map(({ sessionId }) => sessionId))).toEqual(new Set([view.sessionId]));
  });

  test("REPORT-14: goes on again after a second close", async () => {
    await closed();
    const second = await resume("terminal");
    await rig.current.pool.closeSession(second.sessionId, owner);
    const third = await resume("terminal");
    expect([second.sessionId, "terminal"]).not.toContain(third.sessionId);
    expect(await conversationOf(third.sessionId)).toBe("terminal");
  });

  test("REPORT-14: of two requests at once one session comes of it", async () => {
    await closed();
    const both = await Promise.all([resume("terminal"), resume("terminal")]);
    expect(new Set(both.map(({ sessionId }) => sessionId)).size).toBe(1);
  });

  test("REPORT-14: is left alone when the closed session is erased", async () => {
    const gone = await closed();
    await resume("terminal");
    await rig.current.pool.eraseSession(gone, { deviceId: "phone", scope: "admin" });
    expect(rig.current.host.transcripts.has("terminal")).toBe(true);
  });

  test("REPORT-14: one that was begun here stays closed", async () => {
    const gone = await closed({ age: 0 });
    expect(await refusal(() => resume(gone))).toBe("session_closed");
    expect(await refusal(latest)).toBe("session_not_found");
  });
});
