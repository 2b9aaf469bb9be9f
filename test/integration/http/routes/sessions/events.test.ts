import { describe, expect, test } from "@jest/globals";
import { type Asked, expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

/** Adds an event that is about no session; returns its cursor. */
const happen = (detail: string): number =>
  rig.store.transaction(() =>
    rig.store.events.append({ sessionId: null, type: "login.required", data: { detail } }),
  ).cursor;
const poll = (query: string, options: { token?: string; signal?: AbortSignal } = {}): Promise<Asked> =>
  rig.ask("GET", `/api/events?${query}`, options);
const details = (asked: Asked): string[] =>
  (asked.body.events as Array<{ data: { detail: string } }>).map((event) => event.data.detail);
/** Resolves when the device has `count` polls pending. */
const untilPolling = (deviceId: string, count: number): Promise<void> =>
  new Promise((resolve) => {
    const look = () => {
      if ((rig.polls.get(deviceId) ?? 0) === count) resolve();
    };
    rig.onPoll = look;
    look();
  });
/** The poll is pending, with its timer armed. */
const untilArmed = async (deviceId = "local"): Promise<void> => {
  await untilPolling(deviceId, 1);
  await rig.clock.settle();
};
/** The polls that are over have left no timer behind. */
const expectNoTimer = async (): Promise<void> => {
  await rig.stopParts();
  expect(rig.clock.armed).toBe(0);
};

describe("D06: polling", () => {
  test("D06: events after a cursor come in order, with the cursor to go on from", async () => {
    for (const detail of ["one", "two", "three"]) happen(detail);
    const first = await poll("after=0&limit=2");
    expect(first.body).toMatchObject({ epoch: rig.store.events.epoch, cursor: 2, recovered: true });
    expect(details(first)).toEqual(["one", "two"]);
    const rest = await poll(`after=${first.body.cursor}`);
    expect([details(rest), rest.body.cursor]).toEqual([["three"], 3]);
    const none = await poll("after=3");
    expect(none.body).toMatchObject({ events: [], cursor: 3, recovered: true });
  });

  test("D06: a long poll is answered as soon as something is committed", async () => {
    const asking = poll("after=0&wait=30");
    await untilArmed();
    happen("news");
    const asked = await asking;
    expect(details(asked)).toEqual(["news"]);
    expect(asked.body.cursor).toBe(1);
    await expectNoTimer();
  });

  test("D06: a long poll without news ends after its wait, and after a minute at most", async () => {
    for (const [wait, ms] of [
      ["2.5", 2_500],
      ["100000", 60_000],
    ] as const) {
      const asking = poll(`after=0&wait=${wait}`);
      await untilArmed();
      await rig.clock.run(ms - 1);
      expect(rig.polls.get("local")).toBe(1);
      await rig.clock.run(1);
      expect((await asking).body).toMatchObject({ events: [], cursor: 0, recovered: true });
    }
  });

  test("REPORT-20: a long poll through a proxy ends before the proxy gives it up", async () => {
    const asking = rig.ask("GET", "/api/events?after=0&wait=60", { headers: { via: "1.1 proxy" } });
    await untilArmed();
    await rig.clock.run(49_999);
    expect(rig.polls.get("local")).toBe(1);
    await rig.clock.run(1);
    expect((await asking).body).toMatchObject({ events: [], cursor: 0, recovered: true });
  });

  test("D06: a pending long poll is a live connection, until it ends or the client goes away", async () => {
    const client = new AbortController();
    const asking = poll("after=0&wait=30", { signal: client.signal });
    await untilArmed();
    expect((await rig.ask("GET", "/api/devices/me")).body.connected).toBe(true);
    client.abort();
    await expect(asking).rejects.toThrow();
    await untilPolling("local", 0);
    // Between two polls of a row it is as good as one.
    expect((await rig.ask("GET", "/api/devices/me")).body.connected).toBe(true);
    rig.clock.jump(1_000);
    expect((await rig.ask("GET", "/api/devices/me")).body.connected).toBe(false);
    await expectNoTimer();
  });

  test("A02: a long poll of a device that is revoked ends with 401, and with nothing that was committed", async () => {
    const phone = rig.device();
    const after = rig.store.events.tip();
    const asking = poll(`after=${after}&wait=30`, { token: phone.token });
    await untilArmed(phone.deviceId);
    rig.access.revoke(phone.deviceId, { deviceId: "local", scope: "admin" });
    happen("news");
    const asked = await asking;
    expectProblem(asked, 401, "unauthenticated");
    expect(asked.text).not.toContain("news");
    await expectNoTimer();
  });

  test("A02: the revocation of another device is news for a long poll, not its end", async () => {
    const phone = rig.device();
    const asking = poll(`after=${rig.store.events.tip()}&wait=30`);
    await untilArmed();
    rig.access.revoke(phone.deviceId, { deviceId: "local", scope: "admin" });
    expect((await asking).body.events).toMatchObject([{ type: "device.revoked" }]);
  });

  test("O12: a long poll ends when the server stops, and none begins then", async () => {
    const asking = poll("after=0&wait=60");
    await untilArmed();
    rig.stopping.abort();
    expect((await asking).status).toBe(200);
    expect((await poll("after=0&wait=60")).body).toMatchObject({ events: [] });
  });

  test("D06: a query that makes no sense is refused", async () => {
    for (const query of ["after=x", "after=-1", "after=", "wait=soon", "wait=-1", "limit=1.5", "limit=0"]) {
      expectProblem(await poll(query), 400, "invalid_request");
    }
  });
});

describe("D03: acks", () => {
  test("D03: asking for what comes after a cursor acks up to it, for the caller alone", async () => {
    const phone = rig.device("read");
    const other = rig.device();
    const cursor = happen("one");
    await poll(`after=${cursor}`, { token: phone.token });
    expect(rig.acked).toEqual([{ deviceId: phone.deviceId, cursor }]);
    expect(rig.access.get(phone.deviceId).ackedCursor).toBe(cursor);
    expect(rig.access.get(other.deviceId).ackedCursor).toBeNull();
  });

  test("NET-5 D03: an answer acks nothing of what it brings: it may be lost on the way", async () => {
    const phone = rig.device("read");
    const as = { token: phone.token };
    const before = rig.store.events.tip();
    happen("one");
    happen("two");
    expect(details(await poll(`after=${before}`, as))).toEqual(["one", "two"]);
    const tip = rig.store.events.tip();
    const asking = poll(`after=${tip}&wait=30`, as);
    await untilArmed(phone.deviceId);
    happen("three");
    expect(details(await asking)).toEqual(["three"]);
    // Without a cursor it says nothing of what it has.
    expect(details(await poll("", as))).toEqual(["three"]);
    expect(rig.acked).toEqual([
      { deviceId: phone.deviceId, cursor: before },
      { deviceId: phone.deviceId, cursor: tip },
    ]);
    expect(rig.access.get(phone.deviceId).ackedCursor).toBe(tip);
  });

  test("D03: an ack moves forward only, and one beyond the end of the log is refused", async () => {
    const cursor = happen("one");
    const ack = (at: unknown) => rig.ask("POST", "/api/events/ack", { body: { cursor: at } });
    expect((await ack(cursor)).body).toEqual({ cursor });
    expect((await ack(0)).body).toEqual({ cursor });
    for (const wrong of [cursor + 1, -1, 0.5, "1", null])
      expectProblem(await ack(wrong), 400, "invalid_request");
    expect(rig.access.get("local").ackedCursor).toBe(cursor);
  });

  test("D02: without a cursor a device goes on from its last ack, and a new one from the tip", async () => {
    const phone = rig.device();
    const as = { token: phone.token };
    expect((await poll("", as)).body).toMatchObject({ events: [], cursor: rig.store.events.tip() });
    expect(rig.acked).toEqual([]);
    await rig.ask("POST", "/api/events/ack", { ...as, body: { cursor: rig.store.events.tip() } });
    happen("missed");
    expect(details(await poll("", as))).toEqual(["missed"]);
  });
});

describe("D02: loss is said", () => {
  test("D02: a client ahead of the log, or of another epoch, is told to start over and acks nothing", async () => {
    const cursor = happen("one");
    for (const query of [`after=${cursor + 1}`, `after=${cursor}&epoch=another`, "after=0&epoch=x&wait=30"]) {
      expect((await poll(query)).body).toEqual({
        epoch: rig.store.events.epoch,
        events: [],
        cursor,
        recovered: false,
      });
    }
    expect(rig.acked).toEqual([]);
    const same = await poll(`after=0&epoch=${rig.store.events.epoch}`);
    expect(same.body.recovered).toBe(true);
  });

  test("D02: a client behind what was cut is told to start over", async () => {
    for (const detail of ["one", "two", "three"]) happen(detail);
    // What retention does is the store's business; here only its mark counts.
    const { events } = rig.store;
    events.floor = () => 2;
    expect((await poll("after=1")).body).toMatchObject({ events: [], cursor: 3, recovered: false });
    expect((await poll("after=2")).body).toMatchObject({ cursor: 3, recovered: true });
  });
});
