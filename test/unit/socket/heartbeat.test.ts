import { expect, test } from "@jest/globals";
import { Heartbeat, type HeartbeatPeer } from "../../../server/socket/heartbeat.ts";
import { ManualClock } from "../../support/manualClock.ts";

function rig() {
  const clock = new ManualClock(0);
  const heartbeat = new Heartbeat({ clock });
  const arrive = (answers: boolean) => {
    const seen: string[] = [];
    const pulse = {
      heardAt: clock.monotonic(),
      ping: () => {
        seen.push(`ping ${clock.now()}`);
        if (answers) pulse.heardAt = clock.monotonic();
      },
      terminate: () => void seen.push(`terminate ${clock.now()}`),
    } satisfies HeartbeatPeer;
    heartbeat.watch(pulse);
    return { pulse, seen };
  };
  return { clock, heartbeat, arrive };
}

test("D08 V9 a silent client is pinged each 15 s and dropped after exactly 35 s", () => {
  const { clock, arrive } = rig();
  const { seen } = arrive(false);
  clock.advance(60_000);
  expect(seen).toEqual(["ping 15000", "ping 30000", "terminate 35000"]);
  expect(clock.armed).toBe(0);
});

test("D08 a client that answers its pings stays for ever", () => {
  const { clock, arrive } = rig();
  const { seen } = arrive(true);
  clock.advance(3_600_000);
  expect(seen).toHaveLength(240);
  expect(seen.at(-1)).toBe("ping 3600000");
});

test("each client has its own rhythm, and one that left is left alone", () => {
  const { clock, heartbeat, arrive } = rig();
  const early = arrive(true);
  clock.advance(7_000);
  const late = arrive(true);
  clock.advance(16_000);
  expect(early.seen).toEqual(["ping 15000"]);
  expect(late.seen).toEqual(["ping 22000"]);
  heartbeat.forget(early.pulse);
  clock.advance(15_000);
  expect(early.seen).toHaveLength(1);
  heartbeat.forget(late.pulse);
  expect(clock.armed).toBe(0);
});

test.each([-86_400_000, 86_400_000, -Date.UTC(2026, 0, 1), 50 * 365 * 86_400_000, 3_600_000, -1])(
  "DOOR-11 V17: pings and drops in the same rhythm on a clock that was set by %d ms",
  (byMs) => {
    const { clock, arrive } = rig();
    const silent = arrive(false);
    const answering = arrive(true);
    clock.advance(20_000);
    clock.step(byMs);
    clock.advance(40_000);
    expect(silent.seen).toEqual(["ping 15000", `ping ${byMs + 30_000}`, `terminate ${byMs + 35_000}`]);
    const at = [15_000, byMs + 30_000, byMs + 45_000, byMs + 60_000];
    expect(answering.seen).toEqual(at.map((pingAt) => `ping ${pingAt}`));
  },
);

test("V17: a sleep of the computer drops no client that answers, and a silent one 35 s after it at the latest", () => {
  const { clock, arrive } = rig();
  const silent = arrive(false);
  const answering = arrive(true);
  clock.advance(15_000);
  clock.suspend(3_600_000);
  clock.advance(35_000);
  expect(answering.seen).not.toContainEqual(expect.stringMatching(/^terminate/));
  expect(silent.seen.at(-1)).toMatch(/^terminate/);
});
