import { describe, expect, test } from "@jest/globals";
import { Incidents } from "../../../../server/pool/health/incidents.ts";
import { usePoolRig } from "../rig.ts";

const rig = usePoolRig();

async function bench() {
  await rig.current.open();
  const { clock, disk, store } = rig.current;
  const logged: Array<[string, Record<string, unknown> | undefined]> = [];
  const note = (event: string, fields?: Record<string, unknown>) => void logged.push([event, fields]);
  const incidents = new Incidents({
    store: disk.over(store),
    clock,
    log: { debug: note, info: note, warn: note, error: note },
  });
  const told = () =>
    store.events
      .after(0, 1_000)
      .flatMap(({ type, sessionId, data }) => (type === "resource.warning" ? [[sessionId, data]] : []));
  const names = () => logged.map(([event]) => event);
  return { incidents, clock, disk, told, logged, names };
}

describe("incidents", () => {
  test("are told once while they are open, and again when they open again", async () => {
    const { incidents, told, clock, logged } = await bench();
    const memory = { kind: "memory" as const, sessionId: null, detail: "Too much." };
    incidents.open(memory);
    incidents.open({ ...memory, detail: "More." });
    expect([told(), incidents.details()]).toEqual([
      [[null, { kind: "memory", detail: "Too much." }]],
      ["Too much."],
    ]);
    clock.advance(5_000);
    incidents.close("memory", null);
    incidents.close("memory", null);
    expect([incidents.details(), logged.at(-1), logged.length]).toEqual([
      [],
      ["health.incident_closed", { kind: "memory", sessionId: null, openMs: 5_000 }],
      2,
    ]);
    incidents.open(memory);
    expect(told()).toHaveLength(2);
  });

  test("of sessions are one each, those of the pool one of a kind, whoever they are said of", async () => {
    const { incidents, told } = await bench();
    const { sessionId } = rig.current.submit({ message: "a" });
    const other = rig.current.submit({ message: "b" });
    for (const id of [sessionId, other.sessionId, sessionId])
      incidents.open({ kind: "session_memory", sessionId: id, detail: `m ${id}` });
    incidents.open({ kind: "cpu", sessionId, detail: "hot" });
    incidents.open({ kind: "cpu", sessionId: other.sessionId, detail: "hot" });
    expect(told().map(([id]) => id)).toEqual([sessionId, other.sessionId, sessionId]);
    incidents.closeSessions((id) => id === other.sessionId);
    expect(incidents.details()).toEqual([`m ${other.sessionId}`, "hot"]);
    incidents.close("cpu", null);
    expect(incidents.details()).toEqual([`m ${other.sessionId}`]);
  });

  test("that could not be written are told later, in their order and once", async () => {
    const { incidents, disk, told, names } = await bench();
    disk.plan(true, true);
    incidents.open({ kind: "memory", sessionId: null, detail: "1" });
    incidents.open({ kind: "cpu", sessionId: null, detail: "2" });
    expect([told(), incidents.details()]).toEqual([[], ["1", "2"]]);
    expect(names().filter((name) => name === "health.warning_unwritten")).toHaveLength(2);
    disk.plan(false, true);
    incidents.tell();
    expect(told()).toHaveLength(1);
    incidents.tell();
    incidents.tell();
    expect(told().map(([, data]) => data)).toEqual([
      { kind: "memory", detail: "1" },
      { kind: "cpu", detail: "2" },
    ]);
  });
});
