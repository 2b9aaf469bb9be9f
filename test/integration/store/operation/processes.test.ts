import { expect, test } from "@jest/globals";
import { useBench } from "../fixture.ts";

const bench = useBench();

test("remembers over a restart which processes were started and not seen to end", () => {
  const { processes } = bench.store;
  const record = { sessionId: "s", pid: null, startTicks: null, startedAt: 1 };
  for (const processId of ["ended", "running", "starting"]) processes.open({ ...record, processId });
  processes.started("ended", 10, "100");
  processes.started("running", 11, "110");
  processes.ended("ended", 5);
  processes.ended("ended", 6);
  bench.reopen();
  expect(bench.store.processes.unended()).toEqual([
    { ...record, processId: "running", pid: 11, startTicks: "110" },
    { ...record, processId: "starting" },
  ]);
  expect(
    bench.connection.prepare("SELECT ended_at FROM processes WHERE process_id = 'ended'").pluck().get(),
  ).toBe(5);
});
