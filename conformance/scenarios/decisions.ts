import { randomUUID } from "node:crypto";
import { makePermission } from "../play/sessions.ts";
import { linesOf, type Scenario } from "../scenario.ts";
import { send } from "./steps.ts";

export const permissions: Scenario = {
  name: "permissions",
  about: "Two permissions at once, one answered here, one elsewhere; the first is answered twice.",
  sentences: ["PERM-4", "PERM-5", "PERM-6"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId, turnId } = await send({ server, client, until }, "Begin");
    const first = server.ask(sessionId, turnId, "rm -r dist");
    const second = server.ask(sessionId, turnId, "npm publish");
    const both = await reportWhere((one) =>
      one.sessions.some(({ openPermissions }) => openPermissions.length === 2),
    );
    verdicts.same(
      "PERM-7",
      "open permissions",
      both.sessions.flatMap((one) => one.openPermissions).sort(),
      [first, second].sort(),
    );
    client.tell({ do: "answer", permissionId: first, decision: "deny" });
    await until("an answer", () => server.answers.length > 0);
    verdicts.same("PERM-4", "the answer", server.answers[0], { permissionId: first, decision: "deny" });
    server.resolve(second, "allow");
    server.answers.length = 1;
    const none = await reportWhere((one) =>
      one.sessions.every(({ openPermissions }) => openPermissions.length === 0),
    );
    verdicts.same(
      "PERM-5",
      "open permissions at the end",
      none.sessions.flatMap((one) => one.openPermissions),
      [],
    );
    // A tap that came too late: another decision than the one that counts.
    client.tell({ do: "answer", permissionId: second, decision: "deny" });
    server.say("Still here", { sessionId, turnId });
    const after = await reportWhere((one) => linesOf(one).includes("assistant: Still here"));
    verdicts.that(
      "PERM-6",
      after.connection === "connected",
      `after an answer that came too late the client is ${after.connection}`,
    );
    const wrong = server.answers.filter(
      ({ permissionId }) => permissionId !== first && permissionId !== second,
    );
    verdicts.same("PERM-4", "answers to others", wrong, []);
  },
};

export const permissionsAfterGap: Scenario = {
  name: "permissions-after-gap",
  about: "After a gap in the log the open permissions are the server's, not those from before.",
  sentences: ["PERM-7", "SYNC-6"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId, turnId } = await send({ server, client, until }, "Begin");
    const old = server.ask(sessionId, turnId, "old");
    await reportWhere((one) => one.sessions.some(({ openPermissions }) => openPermissions.includes(old)));
    await server.shut();
    server.permissions.clear();
    server.changeEpoch();
    const fresh = makePermission(sessionId, turnId, "new");
    const now = fresh.permissionId;
    server.permissions.set(now, fresh);
    await server.open();
    const report = await reportWhere(
      (one) =>
        one.epoch === server.epoch &&
        one.sessions.some(({ openPermissions }) => openPermissions.includes(now)),
      60_000,
    );
    verdicts.same(
      "PERM-7",
      "open permissions",
      report.sessions.flatMap((one) => one.openPermissions),
      [now],
    );
    verdicts.same("SYNC-6", "the epoch", report.epoch, server.epoch);
  },
};

export const keepAlive: Scenario = {
  name: "keep-alive",
  about: "Keep alive goes to the session that was meant.",
  sentences: ["KEEP-1"],
  async play({ server, client, verdicts, begin, until }) {
    await begin();
    const one = await send({ server, client, until }, "One", "1");
    const other = await send({ server, client, until }, "Other", "2");
    client.tell({ do: "keepalive", sessionId: one.sessionId });
    const asked = () => [
      ...server.framesOf("keepalive").map((frame) => frame.sessionId),
      ...server.requests
        .filter(({ path }) => path === "/api/sessions/keep-alive")
        .map(({ body }) => body.sessionId),
    ];
    await until("a keep-alive", () => asked().length > 0);
    verdicts.same("KEEP-1", "sessions kept alive", asked(), [one.sessionId]);
    verdicts.that("KEEP-1", other.sessionId !== one.sessionId, "two first messages share a session");
  },
};

export const pushes: Scenario = {
  name: "pushes",
  about:
    "Pushes that come before the log, twice, out of order, and of an unknown kind change nothing that the log has not said.",
  sentences: ["PUSH-6", "PUSH-9", "PUSH-8"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    await begin();
    const { sessionId, turnId } = await send({ server, client, until }, "Begin", "Begun");
    const payload = (kind: string, cursor: number) => ({
      aps: {
        alert: { title: "A session", body: `Words of a push about ${kind}` },
        badge: 3,
        sound: "default",
        "thread-id": sessionId,
        category: kind === "reply" ? "REPLY" : "SESSION",
        "interruption-level": "active",
        "mutable-content": 1,
      },
      daylong: { v: 1, kind, cursor, sessionId, turnId, truncated: false, later: true },
    });
    for (const [kind, cursor] of [
      ["reply", server.tip + 2],
      ["reply", server.tip + 1],
      ["reply", server.tip + 1],
      ["moonrise", server.tip + 3],
    ] as const)
      client.tell({ do: "push", payload: payload(kind, cursor) });
    client.tell({
      do: "push",
      payload: { aps: { "content-available": 1 }, daylong: { v: 1, kind: "sync", cursor: 1, unread: 0 } },
    });
    const before = await reportWhere((one) => linesOf(one).length >= 2);
    verdicts.same("PUSH-9", "the conversation after pushes", linesOf(before), [
      "user: Begin",
      "assistant: Begun",
    ]);
    verdicts.that("PUSH-9", before.cursor <= server.tip, `a push moved the cursor to ${before.cursor}`);
    server.say("From the log", { sessionId, turnId: randomUUID() });
    const report = await reportWhere((one) => linesOf(one).includes("assistant: From the log"));
    verdicts.same("PUSH-8", "the conversation at the end", linesOf(report), [
      "user: Begin",
      "assistant: Begun",
      "assistant: From the log",
    ]);
    verdicts.that(
      "PUSH-6",
      report.connection === "connected",
      `after an unknown kind the client is ${report.connection}`,
    );
  },
};
