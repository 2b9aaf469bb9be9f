import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type ApnsStandIn, type RecordedRequest, startApnsStandIn } from "../../support/push/apnsStandIn.ts";
import {
  type Bench,
  type DaylongServer,
  eventually,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";
import { quickEnvironment } from "../../support/server/quickServer.ts";
import { connect } from "../../support/server/socketClient.ts";

const tokenOf = (digit: string) => digit.repeat(64);
const deadlineMs = 60_000;

interface ListedDelivery {
  deliveryId: string;
  state: string;
  attempts: Array<{ at: number; status?: number; reason?: string }>;
}

describe("V10 D11 the outbox survives a SIGKILL", () => {
  let bench: Bench;
  let apple: ApnsStandIn;
  let server: DaylongServer;
  beforeEach(async () => {
    bench = makeBench();
    apple = await startApnsStandIn({ tlsDir: bench.dir });
    server = await open();
  });
  afterEach(async () => {
    expect(await server.kill("SIGTERM")).toBe(0);
    await apple.close();
    bench.remove();
  });

  const open = () => startServer({ ...quickEnvironment(bench, apple), PUSH_GRACE_MS: "4000" });
  const restart = async () => {
    await server.kill("SIGKILL");
    server = await open();
  };
  const pushesTo = (token: string): RecordedRequest[] =>
    apple.requests.filter((request) => request.token === token);
  /** Pairs a phone with a push token and lets it be answered; its deliveries. */
  const phoneWithReply = async (digit: string, watch = false) => {
    const phone = await server.pair(digit);
    const push = { provider: "apns", token: tokenOf(digit), environment: "production" };
    await server.ask("PATCH", "/api/devices/me", { push }, { token: phone.token });
    if (watch) await connect({ url: `${server.url.replace("http", "ws")}/ws`, token: phone.token });
    const body = { message: `hello ${digit}`, projectPath: bench.project };
    await server.ask("POST", "/api/chat", body, { token: phone.token });
    const deliveries = async (): Promise<ListedDelivery[]> =>
      (await server.ask("GET", `/api/devices/${phone.deviceId}/deliveries`)).body.deliveries;
    const settled = () =>
      eventually("the push is settled", async () => {
        const [delivery] = await deliveries();
        return delivery?.state === "sent" && delivery;
      });
    return {
      ...phone,
      deliveries,
      settled,
      remove: () => server.ask("DELETE", `/api/devices/${phone.deviceId}`),
    };
  };

  test("V10 before the send, in flight, and after Apple's 200 before the mark: sent at least once, at most twice, under one id", async () => {
    // Before the send: the phone watches, so that its push waits for the grace.
    const before = await phoneWithReply("a", true);
    await eventually("the delivery is planned", async () => (await before.deliveries()).length === 1);
    expect(pushesTo(tokenOf("a"))).toEqual([]);
    await restart();
    // Nobody watches after the restart; the grace is kept all the same, for an ack would still be in time.
    const waited = await before.settled();
    expect(waited.attempts).toMatchObject([{ status: 200 }]);
    expect(pushesTo(tokenOf("a")).map(({ apnsId }) => apnsId)).toEqual([waited.deliveryId]);
    await before.remove();

    // In flight: Apple has the push and says nothing.
    apple.script("silence");
    const inFlight = await phoneWithReply("b");
    await apple.waitForRequest(({ token }) => token === tokenOf("b"), deadlineMs);
    await restart();
    const first = await inFlight.settled();
    expect(first.attempts).toMatchObject([{ reason: "server_stopped" }, { status: 200 }]);
    expect(pushesTo(tokenOf("b")).map(({ apnsId }) => apnsId)).toEqual([first.deliveryId, first.deliveryId]);
    await inFlight.remove();

    // After the 200: the server is stopped while Apple answers, and never hears of it.
    apple.answerWith((request) => {
      if (request.token === tokenOf("c") && pushesTo(tokenOf("c")).length === 0)
        process.kill(server.pid, "SIGSTOP");
      return undefined;
    });
    const unmarked = await phoneWithReply("c");
    const answered = await apple.waitForRequest(({ token }) => token === tokenOf("c"), deadlineMs);
    await eventually("Apple has answered", () => answered.status === 200);
    await restart();
    const second = await unmarked.settled();
    expect(second.attempts).toMatchObject([{ reason: "server_stopped" }, { status: 200 }]);
    expect(pushesTo(tokenOf("c")).map(({ apnsId, status }) => [apnsId, status])).toEqual([
      [second.deliveryId, 200],
      [second.deliveryId, 200],
    ]);
    // What is settled is not taken up again by one more restart.
    await restart();
    await eventually(
      "the server is at work",
      async () => (await server.ask("GET", "/health")).status === 200,
    );
    expect((await unmarked.deliveries())[0]).toEqual(second);
    expect(pushesTo(tokenOf("c"))).toHaveLength(2);
  });
});
