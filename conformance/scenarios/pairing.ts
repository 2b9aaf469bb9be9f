import { linesOf, type Scenario } from "../scenario.ts";
import { send } from "./steps.ts";

export const pairingAndHello: Scenario = {
  name: "pairing",
  about: "The client pairs with the code, says hello with its token, and never puts the token into a URL.",
  sentences: ["PAIR-5", "CONN-1", "CONN-2"],
  async play({ server, verdicts, begin }) {
    await begin();
    const pairing = server.requests.find(({ path }) => path === "/api/pair");
    verdicts.that("PAIR-5", pairing !== undefined, "POST /api/pair was not sent");
    if (pairing) {
      const device = pairing.body.device as { name?: unknown; platform?: unknown } | undefined;
      verdicts.that(
        "PAIR-5",
        pairing.authorization === undefined &&
          typeof device?.name === "string" &&
          typeof device.platform === "string",
        `the request was ${JSON.stringify(pairing.body)}${pairing.authorization ? " with a token" : ""}`,
      );
    }
    const [first] = server.heard;
    verdicts.that(
      "CONN-1",
      first?.frame.type === "hello",
      `the first frame was ${JSON.stringify(first?.frame)}`,
    );
    const inUrl = server.requests.filter(({ path }) => path.includes(server.token));
    verdicts.that("CONN-2", inUrl.length === 0, `the token stood in ${inUrl[0]?.path}`);
  },
};

export const pairedOnce: Scenario = {
  name: "relaunch-paired",
  about: "A client that is started again uses the token that it has; the code works once.",
  sentences: ["PAIR-5", "SYNC-5"],
  async play({ server, client, verdicts, begin, until }) {
    await begin();
    await send({ server, client, until }, "Hello", "Hello to you");
    await until("the reply is acknowledged", () => server.acked === server.tip);
    await client.kill();
    const hellos = server.framesOf("hello").length;
    await begin();
    verdicts.same("PAIR-5", "pairings", server.requests.filter(({ path }) => path === "/api/pair").length, 1);
    const hello = server.framesOf("hello")[hellos];
    verdicts.that(
      "SYNC-5",
      hello?.cursor === server.tip && hello.epoch === server.epoch,
      `hello said cursor ${hello?.cursor} of epoch ${hello?.epoch}; the log is at ${server.tip}`,
    );
    const report = await client.report();
    verdicts.same("SYNC-2", "what is shown after a relaunch", linesOf(report), [
      "user: Hello",
      "assistant: Hello to you",
    ]);
  },
};
