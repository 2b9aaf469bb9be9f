import { describe, expect, test } from "@jest/globals";
import { newDevice } from "../../../../server/access/devices.ts";
import { deferred, owner, refusal, usePoolRig } from "../rig.ts";

const rig = usePoolRig();
const admin = { deviceId: "local", scope: "admin" as const };
const begin = (options = {}, more = {}) =>
  rig.current.pool.createSession({ caller: owner, projectPath: "/projects/alpha", options, ...more });
const lastAudited = () => rig.current.store.audit.list(undefined, 1).entries[0];

describe("DOOR-4: what a session may do without asking", () => {
  test("DOOR-4: tools beyond reading, and a system prompt, are refused a chat device wherever a session begins", async () => {
    await rig.current.open();
    const { pool, store } = rig.current;
    const tools = { allowedTools: ["Bash"] };
    const prompt = { systemPrompt: "You are a pirate." };
    expect(await refusal(() => begin(tools))).toBe("tools_forbidden");
    expect(await refusal(() => begin(prompt))).toBe("prompt_forbidden");
    expect(await refusal(() => begin(tools, { latest: { fork: false } }))).toBe("tools_forbidden");
    const message = { caller: owner, projectPath: "/projects/alpha", message: "Hi" };
    expect(await refusal(() => pool.submit({ ...message, options: tools }))).toBe("tools_forbidden");
    expect(await refusal(() => pool.submit({ ...message, options: prompt }))).toBe("prompt_forbidden");
    const { sessionId } = await begin({ allowedTools: ["Bash"] }, { caller: admin });
    expect(await refusal(() => pool.forkSession(sessionId, undefined, owner))).toBe("tools_forbidden");
    expect(store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
    expect(await pool.forkSession(sessionId, undefined, admin)).toMatchObject({ allowedTools: ["Bash"] });
  });

  test("DOOR-4: the mode acceptEdits is refused a chat device where the owner has closed it, in every way in", async () => {
    await rig.current.open({ chatMayAcceptEdits: false });
    const { pool } = rig.current;
    const mode = { permissionMode: "acceptEdits" as const };
    const { sessionId, process } = await rig.current.idleSession();
    const ways = [
      () => begin({}, mode),
      () => pool.submit({ caller: owner, projectPath: "/projects/alpha", message: "Hi", ...mode }),
      () => pool.submit({ caller: owner, sessionId, message: "Hi", ...mode }),
      () => pool.updateSession(sessionId, mode, owner),
    ];
    for (const way of ways) expect(await refusal(way)).toBe("permission_mode_forbidden");
    expect(process.modes).toEqual([]);
    await pool.updateSession(sessionId, mode, admin);
    expect(process.modes).toEqual(["acceptEdits"]);
    expect(await refusal(() => pool.forkSession(sessionId, undefined, owner))).toBe(
      "permission_mode_forbidden",
    );
  });

  test("DOOR-4: what was chosen is in the session, its first event and the audit, and reaches the process", async () => {
    await rig.current.open();
    const { pool, clock, host } = rig.current;
    const chosen = {
      allowedTools: ["Bash"],
      systemPrompt: "You are a pirate.",
      appendSystemPrompt: "Be brief.",
    };
    const { sessionId } = await begin(chosen, { caller: admin, permissionMode: "acceptEdits" });
    expect(pool.session(sessionId)).toMatchObject(chosen);
    expect(rig.current.events(sessionId)[0]).toMatchObject({ type: "session.created", data: chosen });
    expect(lastAudited()).toMatchObject({
      action: "session.create",
      deviceId: "local",
      detail:
        "permissionMode acceptEdits; allowedTools Bash; systemPrompt of 17 characters; appendSystemPrompt of 9 characters",
    });
    rig.current.submit({ sessionId, message: "Hello" });
    await clock.settle();
    expect(host.specs[0]?.options).toMatchObject(chosen);
  });

  test("DOOR-4: a list carries the beginning of long system texts, the session all of it", async () => {
    await rig.current.open();
    const { pool, store } = rig.current;
    const appendSystemPrompt = `${"a".repeat(999)}😀${"b".repeat(2_000)}`;
    const { sessionId } = await begin({ appendSystemPrompt });
    expect(pool.session(sessionId).appendSystemPrompt).toBe(appendSystemPrompt);
    const [listed] = pool.views(store.sessions.list({ limit: 1 }).sessions);
    expect(listed?.appendSystemPrompt).toBe(`${"a".repeat(999)}\uFFFD`);
  });

  test("DOOR-5: a change of mode is in the audit with the mode that was chosen", async () => {
    await rig.current.open();
    const { sessionId } = await rig.current.idleSession();
    const change = { title: "A", permissionMode: "acceptEdits" as const };
    await rig.current.pool.updateSession(sessionId, change, owner);
    expect(lastAudited()).toMatchObject({
      action: "session.update",
      detail: "title, permissionMode acceptEdits",
    });
  });
});

describe("DOOR-7: requests of a device that is revoked meanwhile", () => {
  const pairAndRevoke = () => {
    const { store, clock } = rig.current;
    const { deviceId, scope } = owner;
    store.devices.insert(
      newDevice({ deviceId, name: "Phone", platform: "ios", scope, now: clock.now() }),
      "h",
    );
    return () => store.devices.revoke(deviceId, clock.now());
  };

  test("DOOR-7: a message is not kept, and begins no session", async () => {
    await rig.current.open();
    const revoke = pairAndRevoke();
    const { sessionId } = await rig.current.idleSession();
    revoke();
    expect(await refusal(() => rig.current.submit({ sessionId, message: "Again" }))).toBe("unauthenticated");
    expect(await refusal(() => rig.current.submit({ message: "New" }))).toBe("unauthenticated");
    expect(await refusal(() => begin())).toBe("unauthenticated");
    expect(rig.current.store.sessions.list({ limit: 10 }).sessions).toHaveLength(1);
  });

  test("DOOR-7: a change of mode that Claude has heard already is not kept, and its process goes", async () => {
    await rig.current.open();
    const revoke = pairAndRevoke();
    const { sessionId, process } = await rig.current.idleSession();
    const answer = deferred();
    process.setPermissionMode = () => answer.promise;
    const change = { permissionMode: "acceptEdits" as const };
    const changed = refusal(() => rig.current.pool.updateSession(sessionId, change, owner));
    revoke();
    answer.resolve();
    expect(await changed).toBe("unauthenticated");
    await rig.current.clock.settle();
    expect([process.alive, rig.current.pool.session(sessionId).permissionMode]).toEqual([false, "default"]);
  });
});
