import { describe, expect, test } from "@jest/globals";
import { TokenInvalidation } from "../../../../server/delivery/outbox/tokenInvalidation.ts";
import type { ApnsTarget, PushTarget } from "../../../../server/domain/delivery/push.ts";
import { ManualClock } from "../../../support/manualClock.ts";
import { MemoryWords } from "../memoryLog.ts";

const target = (token: string, registeredAt = 1_000): ApnsTarget => ({
  provider: "apns",
  token,
  environment: "production",
  registeredAt,
});

function rig(count = 1) {
  const clock = new ManualClock();
  const words = new MemoryWords();
  const pushes = new Map<string, PushTarget | null>();
  for (let index = 0; index < count; index += 1) pushes.set(`d${index}`, target(`t${index}`));
  const devices = {
    get: (id: string) => (pushes.has(id) ? ({ push: pushes.get(id) } as never) : undefined),
    setPush: (id: string, push: PushTarget | null) => void pushes.set(id, push),
  };
  return { clock, words, pushes, ward: new TokenInvalidation({ devices, clock, log: words }) };
}

describe("V12 D12 a 410 drops the token only if it is proof", () => {
  const cases: Array<[string, number | undefined, PushTarget | null, string, boolean]> = [
    ["later than the registration", 1_001, target("t0"), "dropped", true],
    ["at the very instant of the registration", 1_000, target("t0"), "kept", false],
    ["before the registration", 999, target("t0"), "kept", false],
    ["without a timestamp", undefined, target("t0"), "kept", false],
    ["before the same token was registered anew", 1_500, target("t0", 2_000), "kept", false],
    ["later, but the token has changed", 1_001, target("new"), "changed", false],
    ["before, and the token has changed", 999, target("new"), "changed", false],
  ];
  test.each(cases)("%s", (_name, sinceAt, current, verdict, isDropped) => {
    const { ward, pushes } = rig();
    pushes.set("d0", current);
    expect(ward.judgeUnregistered("d0", target("t0"), sinceAt)).toBe(verdict);
    expect(pushes.get("d0")).toEqual(isDropped ? null : current);
  });
});

describe("V12 D12 a token that both environments refuse", () => {
  test("is dropped after its quarantine", () => {
    const { ward, pushes, clock } = rig();
    expect(ward.suspect("d0", target("t0"), clock.monotonic())).toBe(clock.now() + 10_000);
    clock.advance(9_999);
    expect(pushes.get("d0")).not.toBeNull();
    clock.advance(1);
    expect(pushes.get("d0")).toBeNull();
    expect(clock.armed).toBe(0);
  });

  test("stays when the app has registered in the meantime", () => {
    const { ward, pushes, clock } = rig();
    ward.suspect("d0", target("t0"), clock.monotonic());
    pushes.set("d0", target("t0", 2_000));
    clock.advance(10_000);
    expect(pushes.get("d0")).toEqual(target("t0", 2_000));
  });

  test("stays when there are twenty of them at once, and so does a lone one after that, until a push gets through", () => {
    const { ward, pushes, clock, words } = rig(21);
    for (let index = 0; index < 20; index += 1)
      ward.suspect(`d${index}`, target(`t${index}`), clock.monotonic());
    clock.advance(10_000);
    expect([...pushes.values()]).not.toContain(null);
    expect(words.names).toContain("push.tokens_refused_in_mass");
    ward.suspect("d20", target("t20"), clock.monotonic());
    clock.advance(10_000);
    expect(pushes.get("d20")).not.toBeNull();
    ward.noteSent("apns");
    ward.suspect("d20", target("t20"), clock.monotonic());
    clock.advance(10_000);
    expect(pushes.get("d20")).toBeNull();
  });

  test("is forgotten when a push gets through after a mass refusal: it was us until then", () => {
    const { ward, pushes, clock } = rig(6);
    for (let index = 0; index < 6; index += 1)
      ward.suspect(`d${index}`, target(`t${index}`), clock.monotonic());
    clock.advance(10_000);
    ward.suspect("d0", target("t0"), clock.monotonic());
    const askedAt = clock.monotonic();
    clock.advance(1);
    ward.noteSent("apns");
    // Answered late: asked when it still was us.
    expect(ward.suspect("d1", target("t1"), askedAt)).toBe(clock.now());
    clock.advance(10_000);
    expect([pushes.get("d0"), pushes.get("d1")]).not.toContain(null);
    ward.suspect("d0", target("t0"), clock.monotonic());
    clock.advance(10_000);
    expect(pushes.get("d0")).toBeNull();
  });

  test("is forgotten when the ward stops", () => {
    const { ward, pushes, clock } = rig();
    ward.suspect("d0", target("t0"), clock.monotonic());
    ward.stop();
    clock.advance(20_000);
    expect(pushes.get("d0")).not.toBeNull();
  });
});

describe("V12 D12 a quarantine", () => {
  const page = (endpoint: string): PushTarget => ({
    provider: "webpush",
    endpoint,
    keys: { p256dh: "p", auth: "a" },
    registeredAt: 1_000,
  });

  test.each([
    [4, true],
    [5, false],
  ])("of %d tokens drops them: %p", (count, isDropped) => {
    const { ward, pushes, clock } = rig(count);
    for (let index = 0; index < count; index += 1)
      ward.suspect(`d${index}`, target(`t${index}`), clock.monotonic());
    clock.advance(10_000);
    expect([...pushes.values()].every((push) => (push === null) === isDropped)).toBe(true);
  });

  test("has one verdict for all who come while it lasts, and the next one begins anew", () => {
    const { ward, pushes, clock, words } = rig(3);
    const verdictAt = ward.suspect("d0", target("t0"), clock.monotonic());
    clock.advance(6_000);
    expect(ward.suspect("d1", target("t1"), clock.monotonic())).toBe(verdictAt);
    expect(clock.armed).toBe(1);
    clock.advance(4_000);
    expect([pushes.get("d0"), pushes.get("d1")]).toEqual([null, null]);
    expect(words.names).toEqual([
      ...["push.token_quarantined", "push.token_quarantined"],
      ...["push.token_dropped", "push.token_dropped"],
    ]);
    clock.advance(1_000);
    expect(ward.suspect("d2", target("t2"), clock.monotonic())).toBe(clock.now() + 10_000);
    clock.advance(9_999);
    expect(pushes.get("d2")).not.toBeNull();
    clock.advance(1);
    expect(pushes.get("d2")).toBeNull();
  });

  test("judges each push service apart: five browsers keep theirs, the one phone does not", () => {
    const { ward, pushes, clock, words } = rig(6);
    for (let index = 1; index < 6; index += 1) {
      pushes.set(`d${index}`, page(`https://push.example/${index}`));
      ward.suspect(`d${index}`, page(`https://push.example/${index}`), clock.monotonic());
    }
    ward.suspect("d0", target("t0"), clock.monotonic());
    clock.advance(10_000);
    expect([...pushes.values()].filter((push) => push === null)).toHaveLength(1);
    expect(pushes.get("d0")).toBeNull();
    // A push to a phone says nothing about the browsers' service.
    ward.noteSent("apns");
    ward.suspect("d1", page("https://push.example/1"), clock.monotonic());
    clock.advance(10_000);
    expect(pushes.get("d1")).not.toBeNull();
    expect(words.names.filter((name) => name === "push.tokens_refused_in_mass")).toHaveLength(2);
    ward.noteSent("webpush");
    ward.suspect("d1", page("https://push.example/1"), clock.monotonic());
    clock.advance(10_000);
    expect(pushes.get("d1")).toBeNull();
  });

  test("goes on when a push gets through while nothing was in doubt: one good token clears no other", () => {
    const { ward, pushes, clock } = rig(2);
    ward.suspect("d0", target("t0"), clock.monotonic());
    clock.advance(1);
    ward.noteSent("apns");
    expect(ward.suspect("d1", target("t1"), clock.monotonic() - 1)).toBe(clock.now() + 9_999);
    clock.advance(9_999);
    expect([pushes.get("d0"), pushes.get("d1")]).toEqual([null, null]);
  });

  test("a mass refusal that is mended clears the suspects of its push service only", () => {
    const { ward, pushes, clock } = rig(7);
    for (let index = 0; index < 5; index += 1)
      ward.suspect(`d${index}`, target(`t${index}`), clock.monotonic());
    clock.advance(10_000);
    pushes.set("d6", page("https://push.example/6"));
    ward.suspect("d5", target("t5"), clock.monotonic());
    ward.suspect("d6", page("https://push.example/6"), clock.monotonic());
    ward.noteSent("apns");
    clock.advance(10_000);
    expect([pushes.get("d5"), pushes.get("d6")]).toEqual([target("t5"), null]);
  });

  test("a token that changed, or was taken back, or cannot be dropped, keeps no other from being dropped", () => {
    const { ward, pushes, clock, words } = rig(4);
    for (let index = 0; index < 4; index += 1)
      ward.suspect(`d${index}`, target(`t${index}`), clock.monotonic());
    pushes.set("d0", target("new"));
    pushes.delete("d1");
    const set = pushes.set.bind(pushes);
    let isFull = true;
    pushes.set = (id, push) => {
      if (!isFull) return set(id, push);
      isFull = false;
      throw new Error("database or disk is full");
    };
    set("d2", target("t2"));
    clock.advance(10_000);
    expect([pushes.get("d0"), pushes.has("d1"), pushes.get("d2"), pushes.get("d3")]).toEqual([
      ...[target("new"), false, target("t2"), null],
    ]);
    expect(words.names.slice(4)).toEqual(["push.token_not_dropped", "push.token_dropped"]);
  });

  test("that is stopped leaves no timer, and the next suspect has the whole time", () => {
    const { ward, pushes, clock } = rig();
    ward.stop();
    ward.suspect("d0", target("t0"), clock.monotonic());
    clock.advance(9_000);
    ward.stop();
    expect(clock.armed).toBe(0);
    expect(ward.suspect("d0", target("t0"), clock.monotonic())).toBe(clock.now() + 10_000);
    clock.advance(9_999);
    expect(pushes.get("d0")).not.toBeNull();
  });
});

test("V12 whether the device has another address by now is asked of its registration", () => {
  const { ward, pushes } = rig();
  expect(ward.hasChanged("d0", target("t0"))).toBe(false);
  expect(ward.hasChanged("d0", target("t0", 5_000))).toBe(false);
  expect(ward.hasChanged("d0", target("other"))).toBe(true);
  pushes.set("d0", null);
  expect(ward.hasChanged("d0", target("t0"))).toBe(false);
  expect(ward.hasChanged("nobody", target("t0"))).toBe(false);
});

test("V12 a device without an address any more is judged by the registration that was sent to", () => {
  const { ward, pushes, words } = rig();
  pushes.set("d0", null);
  expect(ward.judgeUnregistered("d0", target("t0"), 1_000)).toBe("kept");
  expect(ward.judgeUnregistered("d0", target("t0"), 1_001)).toBe("dropped");
  expect(words.names).toEqual(["push.token_kept", "push.token_dropped"]);
});

test("D12 a device that changed to a browser has no environment to repair", () => {
  const { ward, pushes, words } = rig();
  const browser: PushTarget = {
    provider: "webpush",
    endpoint: "t0",
    keys: { p256dh: "p", auth: "a" },
    registeredAt: 1,
  };
  pushes.set("d0", browser);
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect([pushes.get("d0"), words.names]).toEqual([browser, []]);
  pushes.set("d0", target("t0"));
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect(words.names).toEqual(["push.environment_repaired"]);
});

test("D12 the environment is repaired for the token that was tried, and no other", () => {
  const { ward, pushes } = rig();
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect(pushes.get("d0")).toMatchObject({ token: "t0", environment: "sandbox", registeredAt: 1_000 });
  pushes.set("d0", target("new"));
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect(pushes.get("d0")).toMatchObject({ token: "new", environment: "production" });
});
