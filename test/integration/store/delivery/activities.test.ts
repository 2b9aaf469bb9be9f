import { beforeEach, describe, expect, test } from "@jest/globals";
import type { LiveActivity } from "../../../../server/domain/delivery/liveActivity.ts";
import { aDevice, aSession, useBench } from "../fixture.ts";

const bench = useBench();
const put = (deviceId: string, sessionId: string, turnId: string, token: string): LiveActivity => {
  const activity = { deviceId, sessionId, turnId, token, registeredAt: 5 };
  bench.store.activities.put(activity);
  return activity;
};

beforeEach(() => {
  for (const deviceId of ["phone", "tablet"]) bench.store.devices.insert(aDevice({ deviceId }), deviceId);
  for (const sessionId of ["s", "r"]) bench.store.sessions.insert(aSession({ sessionId }));
});

describe("addresses that start activities", () => {
  test("are one of a device, the newest, and over a restart", () => {
    const { activities } = bench.store;
    activities.putStart({ deviceId: "phone", token: "aa", registeredAt: 1 });
    activities.putStart({ deviceId: "phone", token: "bb", registeredAt: 2 });
    activities.putStart({ deviceId: "tablet", token: "cc", registeredAt: 3 });
    bench.reopen();
    const phone = { deviceId: "phone", token: "bb", registeredAt: 2 };
    const tablet = { deviceId: "tablet", token: "cc", registeredAt: 3 };
    expect(bench.store.activities.start("phone")).toEqual(phone);
    expect(bench.store.activities.start("watch")).toBeUndefined();
    expect(bench.store.activities.starts()).toEqual([phone, tablet]);
  });

  test("are removed by their token only, or whatever it is when none is named", () => {
    const { activities } = bench.store;
    for (const deviceId of ["phone", "tablet"]) {
      activities.putStart({ deviceId, token: "aa", registeredAt: 1 });
    }
    expect(activities.removeStart("phone", "other")).toBe(false);
    expect(activities.removeStart("phone", "aa")).toBe(true);
    expect(activities.removeStart("phone", "aa")).toBe(false);
    expect(activities.removeStart("watch")).toBe(false);
    expect(activities.removeStart("tablet")).toBe(true);
    expect(activities.starts()).toEqual([]);
  });
});

describe("addresses of activities", () => {
  test("are one for a turn and device: a new one takes its place, and touches no other", () => {
    const old = put("phone", "s", "t", "aa");
    const others = [
      put("tablet", "s", "t", "bb"),
      put("phone", "s", "u", "cc"),
      put("phone", "r", "t", "dd"),
    ];
    bench.store.activities.put({ ...old, token: "ee", registeredAt: 9 });
    bench.reopen();
    const { activities } = bench.store;
    const fresh = { ...old, token: "ee", registeredAt: 9 };
    expect(activities.get("phone", "s", "t")).toEqual(fresh);
    expect(others.map((one) => activities.get(one.deviceId, one.sessionId, one.turnId))).toEqual(others);
    expect(activities.get("watch", "s", "t")).toBeUndefined();
    expect(activities.ofTurn("s", "t")).toHaveLength(2);
    expect(activities.ofTurn("s", "t")).toEqual(expect.arrayContaining([fresh, others[0]]));
  });

  test("are removed by token, or all of a device in a session, or all of a device", () => {
    const { activities } = bench.store;
    put("phone", "s", "t", "aa");
    const kept = [put("phone", "s", "u", "bb"), put("tablet", "s", "t", "cc"), put("phone", "r", "t", "dd")];
    const left = () =>
      kept.filter((one) => activities.get(one.deviceId, one.sessionId, one.turnId)).map(({ token }) => token);
    expect(activities.remove("phone", "s", "other")).toBe(false);
    expect(activities.remove("phone", "s", "aa")).toBe(true);
    expect([activities.get("phone", "s", "t"), left()]).toEqual([undefined, ["bb", "cc", "dd"]]);
    expect(activities.remove("phone", "s")).toBe(true);
    expect(activities.remove("phone", "s")).toBe(false);
    expect(left()).toEqual(["cc", "dd"]);
    activities.putStart({ deviceId: "phone", token: "start", registeredAt: 1 });
    activities.putStart({ deviceId: "tablet", token: "start", registeredAt: 1 });
    activities.removeAll("phone");
    expect([left(), activities.starts().map(({ deviceId }) => deviceId)]).toEqual([["cc"], ["tablet"]]);
  });
});
