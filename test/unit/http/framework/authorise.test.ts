import { expect, test } from "@jest/globals";
import type { Request } from "express";
import { AttemptWindow } from "../../../../server/access/attemptWindow.ts";
import type { Devices } from "../../../../server/access/devices.ts";
import { DaylongError } from "../../../../server/domain/errors.ts";
import { authorise } from "../../../../server/http/framework/authorise.ts";
import { ManualClock } from "../../../support/manualClock.ts";

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
