import { expect, test } from "@jest/globals";
import type { AuditEntry } from "../../../../server/domain/stores/operation.ts";
import { useBench } from "../fixture.ts";

const bench = useBench();

test("lists who did what, newest first, a page at a time, in the order of doing even when the clock was set back", () => {
  const entries: AuditEntry[] = [5, 6, 2, 2, 7].map((at, index) => ({
    at,
    deviceId: "phone",
    action: "session.close",
    target: `s${index}`,
    detail: "",
  }));
  for (const entry of entries) bench.store.audit.add(entry);
  bench.reopen();
  const first = bench.store.audit.list(undefined, 3);
  expect(first.entries).toEqual([entries[4], entries[3], entries[2]]);
  const last = bench.store.audit.list(first.nextBefore, 3);
  expect(last).toEqual({ entries: [entries[1], entries[0]] });
  expect(() => bench.store.audit.list("?", 3)).toThrow(expect.objectContaining({ code: "invalid_request" }));
});
