import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const admin = { deviceId: "computer", scope: "admin" as const };
const secret = "the-words-that-must-go";

/** A session with a turn that said the secret, and its events. */
async function spoken() {
  await rig.current.open();
  const busy = await rig.current.busySession();
  busy.process.ask({ title: secret });
  busy.process.reply(`I know ${secret}.`);
  await rig.current.clock.settle();
  return busy;
}

describe("a session that is erased", () => {
  test("leaves one event, which says so, and nothing of what was said", async () => {
    const { sessionId, turnId } = await spoken();
    const { pool, store } = rig.current;
    const tip = store.events.tip();
    await pool.eraseSession(sessionId, owner);
    await rig.current.clock.settle();
    expect(store.events.after(0, 1_000)).toMatchObject([
      { sessionId, type: "session.closed", data: { by: "phone", erased: true } },
    ]);
    // A cursor is not used again, and none below it is taken for cut: nobody has to start over.
    expect(store.events.after(tip, 10)[0]!.cursor).toBeGreaterThan(tip);
    expect(store.events.floor()).toBe(0);
    expect(store.sessions.get(sessionId)).toBeUndefined();
    expect(store.turns.get(turnId)).toBeUndefined();
    expect(store.permissions.open()).toEqual([]);
    expect(await refusal(() => pool.session(sessionId))).toBe("session_not_found");
    expect(await refusal(() => pool.eraseSession(sessionId, owner))).toBe("session_not_found");
    expect(store.audit.list(undefined, 5).entries.map(({ action }) => action)).toContain("session.erase");
  });

  test("is overwritten in the database's file, not only marked as free", async () => {
    const { sessionId } = await spoken();
    const { connection } = rig.current;
    const fileHas = () => {
      connection.pragma("wal_checkpoint(TRUNCATE)");
      return readFileSync(connection.name, "latin1").includes(secret);
    };
    expect(fileHas()).toBe(true);
    await rig.current.pool.eraseSession(sessionId, owner);
    expect(fileHas()).toBe(false);
  });

  test("ends what runs first, and no process is left", async () => {
    await rig.current.open();
    const { sessionId, process } = await rig.current.busySession();
    await rig.current.pool.eraseSession(sessionId, owner);
    await rig.current.clock.settle();
    expect([process.alive, rig.current.pool.active()]).toEqual([false, []]);
  });

  test("keeps Claude's transcript unless an admin asks, and is refused while a terminal holds that", async () => {
    const first = await spoken();
    await rig.current.pool.eraseSession(first.sessionId, owner);
    expect(rig.current.host.transcripts.has(first.sessionId)).toBe(true);
    const second = await rig.current.busySession();
    rig.current.host.heldElsewhere = async () => new Map([[second.sessionId, 7]]);
    const erase = () => rig.current.pool.eraseSession(second.sessionId, admin);
    expect(await refusal(erase)).toBe("conversation_held");
    expect(rig.current.state(second.sessionId)).toBe("busy");
    rig.current.host.heldElsewhere = async () => new Map();
    await erase();
    expect(rig.current.host.transcripts.has(second.sessionId)).toBe(false);
  });

  test("never comes back under its id: its conversation goes on in a session that no device was told to forget", async () => {
    const { sessionId } = await spoken();
    const { pool, host, clock, store } = rig.current;
    host.transcripts.add(sessionId);
    await pool.eraseSession(sessionId, owner);
    const origin = { resume: sessionId, fork: false };
    const begun = await pool.createSession({
      caller: owner,
      projectPath: "/projects/alpha",
      options: { origin },
    });
    expect(begun.sessionId).not.toBe(sessionId);
    rig.current.submit({ sessionId: begun.sessionId, message: "Go on" });
    await clock.settle();
    expect(host.process(begun.sessionId).spec.claudeSessionId).toBe(sessionId);
    expect(store.events.ofSession(sessionId, 0, 10).map(({ type }) => type)).toEqual(["session.closed"]);
  });

  test("leaves other sessions as they are", async () => {
    const { sessionId } = await spoken();
    const other = await rig.current.idleSession();
    const before = rig.current.events(other.sessionId);
    await rig.current.pool.eraseSession(sessionId, owner);
    expect(rig.current.events(other.sessionId)).toEqual(before);
    expect(rig.current.state(other.sessionId)).toBe("idle");
  });
});
