import { expect, test } from "@jest/globals";
import { offlineAfterMs, phaseOf } from "../../../../web/src/state/connection.ts";

const facts = { link: "offline", wasConnected: true, awayMs: 100, hasNetwork: true } as const;

test("C05: a lost connection is reconnecting first, and offline when it stays away or there is no network", () => {
  expect(phaseOf({ ...facts, link: "online", awayMs: 99_999 })).toBe("connected");
  expect(phaseOf(facts)).toBe("reconnecting");
  expect(phaseOf({ ...facts, link: "connecting" })).toBe("reconnecting");
  expect(phaseOf({ ...facts, awayMs: offlineAfterMs })).toBe("offline");
  expect(phaseOf({ ...facts, hasNetwork: false })).toBe("offline");
});

test("C05: before the first welcome it is connecting, and a refused device is told apart from an absent server", () => {
  expect(phaseOf({ ...facts, link: "connecting", wasConnected: false })).toBe("connecting");
  expect(phaseOf({ ...facts, link: "refused", hasNetwork: false })).toBe("refused");
});
