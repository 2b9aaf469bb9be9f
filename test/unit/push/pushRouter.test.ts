import { expect, test } from "@jest/globals";
import type {
  ActivityRequest,
  PushOutcome,
  PushRequest,
  SyncRequest,
} from "../../../server/domain/delivery/push.ts";
import { PushRouter } from "../../../server/push/pushRouter.ts";

function rig() {
  const calls: string[] = [];
  const sent: PushOutcome = { outcome: "sent", apnsId: "a", status: 200, latencyMs: 1 };
  const channel = (name: string) => ({
    send: async () => {
      calls.push(`${name} send`);
      return sent;
    },
    sync: async () => {
      calls.push(`${name} sync`);
      return sent;
    },
    activity: async () => {
      calls.push(`${name} activity`);
      return sent;
    },
    health: () => ({ state: "failing" as const, detail: name }),
    stop: async (graceMs: number) => {
      await Promise.resolve();
      calls.push(`${name} stop ${graceMs}`);
    },
  });
  return { calls, providers: new PushRouter({ apns: channel("apns"), webpush: channel("webpush") }) };
}
const to = (provider: string) => ({ target: { provider } }) as never;

test("D17 every push goes through the service that its device registered with", async () => {
  const { calls, providers } = rig();
  for (const provider of ["apns", "webpush"]) {
    await providers.send(to(provider) as PushRequest);
    await providers.sync(to(provider) as SyncRequest);
  }
  await providers.activity(to("apns") as ActivityRequest);
  expect(calls).toEqual(["apns send", "apns sync", "webpush send", "webpush sync", "apns activity"]);
});

test("a service that does not exist is a bug, and named", () => {
  const { providers } = rig();
  expect(() => providers.send(to("pigeon"))).toThrow("pigeon");
  expect(() => providers.sync(to("pigeon"))).toThrow("pigeon");
});

test("each service has a health of its own, and a stop is over when both have stopped", async () => {
  const { calls, providers } = rig();
  expect(providers.health("apns")).toEqual({ state: "failing", detail: "apns" });
  expect(providers.health("webpush")).toEqual({ state: "failing", detail: "webpush" });
  await providers.stop(7);
  expect(calls).toEqual(["apns stop 7", "webpush stop 7"]);
});
