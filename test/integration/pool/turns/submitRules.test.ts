import { describe, expect, test } from "@jest/globals";
import { owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();

describe("S22 a message that wants its session to be of another model or mode", () => {
  test("is given to Claude after they are in force, once, and they stay in force", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const wish = { model: "claude-x", permissionMode: "plan" as const };
    const request = { caller: owner, sessionId, message: "Think", clientMessageId: "m1", ...wish };
    const before = process.sent.length;
    // A change that takes its time holds the message, and with it the answer.
    let take = (): void => {};
    process.setModel = (model) =>
      new Promise((resolve) => {
        take = () => {
          process.models.push(model);
          resolve();
        };
      });
    const sending = pool.submit(request);
    await rig.current.clock.settle();
    expect(process.sent.length).toBe(before);
    take();
    const { turnId } = await sending;
    expect([process.models, process.modes]).toEqual([["claude-x"], ["plan"]]);
    expect(process.sent.at(-1)).toMatchObject({ turnId, text: "Think" });
    expect(pool.session(sessionId)).toMatchObject(wish);
    const told = rig.current.events(sessionId).filter(({ type }) => type === "session.updated");
    expect(told.map(({ data }) => data)).toEqual([wish]);
    // What is so already is neither told to Claude nor to anybody else, and a repeat brings nothing back.
    process.reply("Thought.");
    await rig.current.clock.settle();
    await pool.submit({ ...request, clientMessageId: "m2" });
    await pool.updateSession(sessionId, { permissionMode: "default" }, owner);
    expect(await pool.submit(request)).toMatchObject({ turnId, duplicate: true });
    expect([process.models, process.modes]).toEqual([["claude-x"], ["plan", "default"]]);
    expect(pool.session(sessionId).permissionMode).toBe("default");
  });

  test("is kept and given in the tick of the call when they are in force already, and waits for a change under way", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const request = { caller: owner, sessionId, permissionMode: "default" as const };
    const kept = pool.submit({ ...request, message: "At once" });
    expect(kept).toMatchObject({ sessionId, state: "running" });
    expect(process.sent.at(-1)).toMatchObject({ text: "At once" });
    process.reply("Done.");
    await rig.current.clock.settle();
    const change = pool.updateSession(sessionId, { permissionMode: "plan" }, owner);
    const behind = pool.submit({ ...request, message: "After it" });
    expect(behind).toBeInstanceOf(Promise);
    await Promise.all([change, behind]);
    expect([process.modes, process.sent.at(-1)?.text]).toEqual([["plan", "default"], "After it"]);
  });

  test("is kept before another one changes them again", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId, process } = await rig.current.idleSession();
    const told: string[] = [];
    process.setPermissionMode = async (mode) => void told.push(mode);
    const { send } = process;
    process.send = (prompt) => {
      told.push(prompt.text);
      send.call(process, prompt);
    };
    const wish = (permissionMode: "plan" | "acceptEdits") =>
      pool.submit({ caller: owner, sessionId, message: `In ${permissionMode}`, permissionMode });
    await Promise.all([wish("plan"), wish("acceptEdits")]);
    expect(told).toEqual(["plan", "In plan", "acceptEdits"]);
  });

  test("is refused when it may not have them, and changes nothing", async () => {
    await rig.current.open();
    const { pool } = rig.current;
    const { sessionId } = await rig.current.idleSession();
    const wish = {
      caller: owner,
      message: "Hi",
      model: "claude-x",
      permissionMode: "bypassPermissions" as const,
    };
    expect(await refusal(() => pool.submit({ ...wish, sessionId }))).toBe("permission_mode_forbidden");
    expect(await refusal(() => pool.submit({ ...wish, sessionId: "nobody" }))).toBe("session_not_found");
    expect(pool.session(sessionId)).toMatchObject({ model: null, permissionMode: "default", turnCount: 1 });
  });
});
