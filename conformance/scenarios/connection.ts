import { linesOf, type Scenario } from "../scenario.ts";
import { send } from "./steps.ts";

export const closeCodes: Scenario = {
  name: "close-codes",
  about: "1012, 4408 and an unknown code bring the client back.",
  sentences: ["CONN-6"],
  async play({ server, verdicts, begin, until }) {
    await begin();
    for (const code of [1012, 4408, 4999]) {
      const hellos = server.framesOf("hello").length;
      server.close(code, "Played.");
      await until(
        `the client comes back after ${code}`,
        () => server.framesOf("hello").length > hellos,
        40_000,
      ).then(
        () => verdicts.pass("CONN-6"),
        () => verdicts.fail("CONN-6", `the client did not come back after ${code}`),
      );
      await until("the connection is open", () => server.openConnections > 0);
    }
  },
};

export const revoked: Scenario = {
  name: "revoked",
  about: "The device is revoked while it is connected, and stays so when the client is started again.",
  sentences: ["CONN-5", "DEV-4"],
  async play({ server, client, verdicts, begin, until, reportWhere, pause }) {
    await begin();
    const { sessionId } = await send({ server, client, until }, "Begin", "Begun");
    await until("the reply is acknowledged", () => server.acked === server.tip);
    server.isRevoked = true;
    server.close(4401, "This device was revoked.");
    const report = await reportWhere((one) => one.connection === "unauthorized");
    verdicts.same("DEV-4", "what the client says of its connection", report.connection, "unauthorized");
    const { connections } = server;
    client.tell({ do: "send", clientMessageId: "written-after", sessionId, message: "Written after" });
    await pause(3_000);
    verdicts.same("CONN-5", "connections after 4401", server.connections, connections);
    const kept = await client.report();
    verdicts.that(
      "DEV-4",
      kept.unsent.includes("written-after"),
      "what was written and not sent is not kept",
    );
    verdicts.that(
      "DEV-4",
      linesOf(kept).includes("assistant: Begun"),
      "what was read is not readable any more",
    );
  },
};

export const halfOpen: Scenario = {
  name: "half-open",
  about: "The server falls silent without a close; later it is there again.",
  sentences: ["CONN-7", "CONN-3"],
  async play({ server, verdicts, begin, until }) {
    await begin();
    server.isSilent = true;
    const { connections } = server;
    await until("the client gives the silent socket up", () => server.openConnections === 0, 60_000).then(
      () => verdicts.pass("CONN-7"),
      () => verdicts.fail("CONN-7", "after 60 s of silence the socket is still held"),
    );
    server.isSilent = false;
    server.drop();
    await until(
      "the client is back",
      () => server.connections > connections && server.openConnections > 0,
      60_000,
    ).then(
      () => verdicts.pass("CONN-3"),
      () => verdicts.fail("CONN-3", "the client did not come back"),
    );
  },
};

export const slowServer: Scenario = {
  name: "slow-server",
  about: "A welcome that takes 3 s is waited for; one that never comes is given up within 15 s.",
  sentences: ["CONN-3", "CONN-4"],
  async play({ server, client, verdicts, begin, until, reportWhere }) {
    server.welcomeDelayMs = 3_000;
    await begin();
    await until("the first connection", () => server.openConnections === 1);
    verdicts.same("CONN-3", "connections for one slow welcome", server.connections, 1);
    await send({ server, client, until }, "Hello", "Hello to you");
    await reportWhere((one) => linesOf(one).length === 2);
    server.welcomeDelayMs = Number.POSITIVE_INFINITY;
    server.drop();
    const hellos = server.framesOf("hello").length;
    await until(
      "a second try after a welcome that did not come",
      () => server.framesOf("hello").length >= hellos + 2,
      40_000,
    ).then(
      () => verdicts.pass("CONN-4"),
      () => verdicts.fail("CONN-3", "the client waits for ever for a welcome"),
    );
  },
};

export const presence: Scenario = {
  name: "presence",
  about: "Foreground and background are told, again after a reconnect.",
  sentences: ["CONN-11", "CONN-8"],
  async play({ server, client, verdicts, begin, until }) {
    await begin();
    const last = () => server.framesOf("presence").at(-1);
    client.tell({ do: "foreground" });
    await until("presence in the foreground", () => last()?.foreground === true).then(
      () => verdicts.pass("CONN-11"),
      () => verdicts.fail("CONN-11", "foreground was not told"),
    );
    const told = server.framesOf("presence").length;
    server.drop();
    await until("presence after a reconnect", () => server.framesOf("presence").length > told, 40_000).then(
      () =>
        verdicts.that(
          "CONN-11",
          last()?.foreground === true,
          "after a reconnect the client is not in the foreground",
        ),
      () => verdicts.fail("CONN-11", "after a reconnect nothing was told: every reply would be pushed"),
    );
    client.tell({ do: "background" });
    await until(
      "presence in the background",
      () => last()?.foreground === false || server.openConnections === 0,
    ).then(
      () => verdicts.pass("CONN-11"),
      () => verdicts.fail("CONN-11", "background was not told"),
    );
    client.tell({ do: "foreground" });
    await until(
      "the client is there again",
      () => server.openConnections === 1 && last()?.foreground === true,
      40_000,
    ).then(
      () => verdicts.pass("CONN-8"),
      () => verdicts.fail("CONN-8", "back in the foreground there is no live connection"),
    );
  },
};
