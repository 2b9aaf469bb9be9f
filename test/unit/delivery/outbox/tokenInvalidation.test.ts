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
    expect(ward.suspect("d0", target("t0"), clock.now())).toBe(clock.now() + 10_000);
    clock.advance(9_999);
    expect(pushes.get("d0")).not.toBeNull();
    clock.advance(1);
    expect(pushes.get("d0")).toBeNull();
    expect(clock.armed).toBe(0);
  });

  test("stays when the app has registered in the meantime", () => {
    const { ward, pushes, clock } = rig();
    ward.suspect("d0", target("t0"), clock.now());
    pushes.set("d0", target("t0", 2_000));
    clock.advance(10_000);
    expect(pushes.get("d0")).toEqual(target("t0", 2_000));
  });

  test("stays when there are twenty of them at once, and so does a lone one after that, until a push gets through", () => {
    const { ward, pushes, clock, words } = rig(21);
    for (let index = 0; index < 20; index += 1) ward.suspect(`d${index}`, target(`t${index}`), clock.now());
    clock.advance(10_000);
    expect([...pushes.values()]).not.toContain(null);
    expect(words.names).toContain("push.tokens_refused_in_mass");
    ward.suspect("d20", target("t20"), clock.now());
    clock.advance(10_000);
    expect(pushes.get("d20")).not.toBeNull();
    ward.noteSent("apns");
    ward.suspect("d20", target("t20"), clock.now());
    clock.advance(10_000);
    expect(pushes.get("d20")).toBeNull();
  });

  test("is forgotten when a push gets through after a mass refusal: it was us until then", () => {
    const { ward, pushes, clock } = rig(6);
    for (let index = 0; index < 6; index += 1) ward.suspect(`d${index}`, target(`t${index}`), clock.now());
    clock.advance(10_000);
    ward.suspect("d0", target("t0"), clock.now());
    const askedAt = clock.now();
    clock.advance(1);
    ward.noteSent("apns");
    // Answered late: asked when it still was us.
    expect(ward.suspect("d1", target("t1"), askedAt)).toBe(clock.now());
    clock.advance(10_000);
    expect([pushes.get("d0"), pushes.get("d1")]).not.toContain(null);
    ward.suspect("d0", target("t0"), clock.now());
    clock.advance(10_000);
    expect(pushes.get("d0")).toBeNull();
  });

  test("is forgotten when the ward stops", () => {
    const { ward, pushes, clock } = rig();
    ward.suspect("d0", target("t0"), clock.now());
    ward.stop();
    clock.advance(20_000);
    expect(pushes.get("d0")).not.toBeNull();
  });
});

test("D12 the environment is repaired for the token that was tried, and no other", () => {
  const { ward, pushes } = rig();
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect(pushes.get("d0")).toMatchObject({ token: "t0", environment: "sandbox", registeredAt: 1_000 });
  pushes.set("d0", target("new"));
  ward.repairEnvironment("d0", target("t0"), "sandbox");
  expect(pushes.get("d0")).toMatchObject({ token: "new", environment: "production" });
});
