import { describe, expect, test } from "@jest/globals";
import { type PushFacts, pushStateOf, pushWords } from "../../../../web/src/push/pushState.ts";

const ready: PushFacts = {
  isSecureContext: true,
  hasServiceWorker: true,
  hasPush: true,
  isApplePhone: false,
  isStandalone: false,
  serverHasKey: true,
  mayRegister: true,
  permission: "granted",
  isSubscribed: true,
};

describe("C05 D17: how notifications stand", () => {
  test.each<[Partial<PushFacts>, ReturnType<typeof pushStateOf>]>([
    [{}, "on"],
    [{ isSubscribed: false }, "off"],
    [{ permission: "default" }, "off"],
    [{ permission: "denied" }, "denied"],
    [{ mayRegister: false, permission: "denied" }, "not_allowed"],
    [{ serverHasKey: false }, "server_off"],
    [{ hasPush: false }, "unsupported"],
    [{ hasServiceWorker: false }, "unsupported"],
    // Safari on a phone has no push before the page is on the home screen: that it is unsupported would be no help.
    [{ isApplePhone: true, hasPush: false }, "add_to_home"],
    [{ isApplePhone: true, isStandalone: true }, "on"],
    [{ isSecureContext: false, hasServiceWorker: false, hasPush: false, isApplePhone: true }, "insecure"],
  ])("%j: %s", (facts, state) => {
    const found = pushStateOf(Object.assign({}, ready, facts));
    expect(found).toBe(state);
    expect(pushWords[found].detail).toMatch(/\.$/);
  });
});
