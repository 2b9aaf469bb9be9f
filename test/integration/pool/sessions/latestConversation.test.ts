import { describe, expect, test } from "@jest/globals";
import type { PastConversation } from "../../../../server/domain/sessions/history.ts";
import { latestConversation } from "../../../../server/pool/sessions/latestConversation.ts";
import { owner, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const project = "/projects/alpha";

const past = (sessionId: string, lastActivityAt: number, projectPath = project) =>
  ({ sessionId, lastActivityAt, projectPath }) as PastConversation;
const latest = (kept: PastConversation[] = []) =>
  latestConversation(
    { store: rig.current.store, host: rig.current.host, history: { conversations: async () => kept } },
    project,
  );

describe("the newest conversation of a project", () => {
  test("is none where nothing was said", async () => {
    await rig.current.open();
    await rig.current.pool.createSession({ caller: owner, projectPath: project, options: {} });
    expect(await latest()).toBeUndefined();
    expect(await latest([past("other", 1, "/projects/beta")])).toBeUndefined();
  });

  test("is the later of ours and of Claude's own; ours when both are of the same instant", async () => {
    await rig.current.open();
    const { clock, store } = rig.current;
    await rig.current.idleSession();
    await clock.run(1_000);
    const { sessionId } = await rig.current.idleSession();
    const at = store.sessions.get(sessionId)!.lastActivityAt;
    const own = { claudeSessionId: sessionId, session: expect.objectContaining({ sessionId }) };
    expect(await latest()).toEqual(own);
    expect(await latest([past("terminal", at)])).toEqual(own);
    expect(await latest([past("terminal", at + 1)])).toEqual({ claudeSessionId: "terminal" });
    // Our own record is no other conversation, under whichever id.
    store.transaction(() => store.sessions.setClaudeSession(sessionId, "cleared"));
    expect(await latest([past(sessionId, at + 5), past("cleared", at + 5)])).toEqual({
      ...own,
      claudeSessionId: "cleared",
    });
  });

  test("is not one that was closed, though Claude holds it; but one that Claude holds and we know nothing of", async () => {
    await rig.current.open();
    const { host, pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    await pool.closeSession(sessionId, owner);
    expect(await latest([past(sessionId, Number.MAX_SAFE_INTEGER)])).toBeUndefined();
    const empty = await pool.createSession({ caller: owner, projectPath: project, options: {} });
    expect(await latest([past("terminal", 1)])).toEqual({ claudeSessionId: "terminal" });
    host.transcripts.add(empty.sessionId);
    expect((await latest())?.session?.sessionId).toBe(empty.sessionId);
  });
});
