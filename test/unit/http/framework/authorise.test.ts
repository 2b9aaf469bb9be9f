import { getEventListeners } from "node:events";
import { describe, expect, test } from "@jest/globals";
import type { Request } from "express";
import { AttemptWindow } from "../../../../server/access/attemptWindow.ts";
import type { Devices } from "../../../../server/access/devices.ts";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { authorise, ownDeviceId, waitWhilePaired } from "../../../../server/http/framework/authorise.ts";
import { ManualClock } from "../../../support/manualClock.ts";

const token = "a".repeat(43);
/** A gate that knows one token, of a device with the scope chat. */
function gate() {
  const listeners = new Set<(deviceId: string) => void>();
  const paired = new Set(["phone"]);
  const access = {
    authenticate: (shown: string) => (shown === token ? { deviceId: "phone", scope: "chat" } : undefined),
    isPaired: (deviceId: string) => paired.has(deviceId),
    onRevoked: (listener: (deviceId: string) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Devices;
  const revoke = (deviceId: string) => {
    paired.delete(deviceId);
    for (const listener of listeners) listener(deviceId);
  };
  return { access, listeners, revoke };
}
const codeOf = (act: () => unknown): string => {
  try {
    return `passed: ${JSON.stringify(act())}`;
  } catch (error) {
    return error instanceof DaylongError ? error.code : String(error);
  }
};

describe("A01: who asks", () => {
  const { access } = gate();
  const tokenFailures = new AttemptWindow({ clock: new ManualClock(), limit: 2, windowMs: 1_000 });
  const knock = (scope: "open" | "read" | "chat" | "admin", authorization?: string) =>
    codeOf(() =>
      authorise({ headers: { authorization } } as Request, scope, { access, tokenFailures, address: "a" }),
    );
  const phone = `passed: ${JSON.stringify({ deviceId: "phone", scope: "chat" })}`;

  test("A01: a token opens what its scope reaches, and an open door knows it all the same", () => {
    expect(knock("read", `Bearer ${token}`)).toBe(phone);
    expect(knock("chat", `bearer  ${token} `)).toBe(phone);
    expect(knock("admin", `Bearer ${token}`)).toBe("scope_forbidden");
    expect(knock("open", `Bearer ${token}`)).toBe(phone);
    expect(knock("open")).toBe("passed: undefined");
    expect(knock("open", "Bearer wrong")).toBe("passed: undefined");
  });

  test("A04: requests without a valid token are counted by address, those with one and those of open doors never", () => {
    for (let index = 0; index < 3; index += 1) knock("open", "Bearer wrong");
    expect(knock("admin", `Bearer ${token}`)).toBe("scope_forbidden");
    expect([knock("read"), knock("read", "Bearer wrong"), knock("read")]).toEqual([
      "unauthenticated",
      "unauthenticated",
      "rate_limited",
    ]);
    expect(knock("read", `Bearer ${token}`)).toBe(phone);
  });

  test("A03: me is the caller; of others only admin may speak", () => {
    const chat = { deviceId: "phone", scope: "chat" } as const;
    expect(ownDeviceId("me", chat)).toBe("phone");
    expect(ownDeviceId("phone", chat)).toBe("phone");
    expect(codeOf(() => ownDeviceId("other", chat))).toBe("scope_forbidden");
    expect(ownDeviceId("other", { deviceId: "local", scope: "admin" })).toBe("other");
  });
});

describe("A02: a wait on behalf of a device", () => {
  const caller = { deviceId: "phone", scope: "chat" } as const;
  /** A wait that ends with its signal, as all do. */
  const untilOver = (over: AbortSignal) =>
    new Promise<string>((resolve) => {
      if (over.aborted) resolve("over");
      over.addEventListener("abort", () => resolve("over"));
    });

  test("A02: hands its finding on, and listens to nobody any more", async () => {
    const { access, listeners } = gate();
    const gone = new AbortController().signal;
    let signal: AbortSignal | undefined;
    const found = waitWhilePaired({ access, caller, gone }, async (over) => {
      signal = over;
      expect([listeners.size, getEventListeners(gone, "abort").length, over.aborted]).toEqual([1, 1, false]);
      return "found";
    });
    expect(await found).toBe("found");
    expect([listeners.size, getEventListeners(gone, "abort").length]).toEqual([0, 0]);
    // What else was begun for it is given up.
    expect(signal?.aborted).toBe(true);
  });

  test("A02: is over when the device is revoked, with a 401, and not when another one is", async () => {
    const { access, listeners, revoke } = gate();
    const gone = new AbortController().signal;
    let isOver = false;
    const found = waitWhilePaired({ access, caller, gone }, (over) =>
      untilOver(over).finally(() => {
        isOver = true;
      }),
    );
    revoke("other");
    await Promise.resolve();
    expect(isOver).toBe(false);
    revoke("phone");
    await expect(found).rejects.toMatchObject({ code: "unauthenticated" });
    expect([listeners.size, getEventListeners(gone, "abort").length]).toEqual([0, 0]);
  });

  test("A02: is over when the client is gone, before or meanwhile", async () => {
    const { access } = gate();
    const client = new AbortController();
    const found = waitWhilePaired({ access, caller, gone: client.signal }, untilOver);
    client.abort();
    expect(await found).toBe("over");
    expect(await waitWhilePaired({ access, caller, gone: client.signal }, untilOver)).toBe("over");
  });

  test("A02: that throws gives the rest of its work up, and listens to nobody any more", async () => {
    const { access, listeners } = gate();
    const gone = new AbortController().signal;
    let rest: Promise<string> | undefined;
    const found = waitWhilePaired({ access, caller, gone }, async (over) => {
      rest = untilOver(over);
      throw new Error("A part broke.");
    });
    await expect(found).rejects.toThrow("A part broke.");
    expect(await rest).toBe("over");
    expect([listeners.size, getEventListeners(gone, "abort").length]).toEqual([0, 0]);
  });
});

test("F20 O06: a database that cannot be read keeps nobody from /health, and lets nobody in elsewhere", () => {
  const request = { headers: { authorization: `Bearer ${"a".repeat(43)}` } } as Request;
  const access = {
    authenticate: () => {
      throw new DaylongError("storage_failed", "The database file is damaged. Restore a backup.");
    },
  } as unknown as Devices;
  const tokenFailures = new AttemptWindow({ clock: new ManualClock(), limit: 1, windowMs: 1_000 });
  const parts = { access, tokenFailures, address: "127.0.0.1" };
  expect(authorise(request, "open", parts)).toBeUndefined();
  expect(() => authorise(request, "read", parts)).toThrow(
    expect.objectContaining({ code: "storage_failed" }),
  );
});
