import { describe, expect, test } from "@jest/globals";
import { readConfig } from "../../../../../server/app/config.ts";
import { livePoolLimits, Settings } from "../../../../../server/app/settings.ts";
import { environmentName, limitNames, limitTable } from "../../../../../server/domain/limits.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const hour = 3_600_000;

/** The settings as a server started now would read them. */
const restarted = () =>
  new Settings({ store: rig.store, clock: rig.clock, log: rig.log, environment: rig.environment });

describe("GET /api/settings", () => {
  test("every limit is listed with its bounds, and says whether the environment fixes it", async () => {
    const { status, body } = await rig.ask("GET", "/api/settings");
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(limitNames);
    expect(body.maxConcurrentSessions).toEqual({
      value: 10,
      default: 10,
      min: 1,
      max: 1000,
      live: true,
      source: "default",
    });
    expect(body.maxQueuedTurns).toMatchObject({ value: 7, default: 100, live: false, source: "environment" });
    expect(body.healthIntervalSeconds).toMatchObject({ value: 30, live: false, source: "default" });
  });

  test("it is for the owner alone", async () => {
    const { token } = rig.device("chat");
    expectProblem(await rig.ask("GET", "/api/settings", { token }), 403, "scope_forbidden");
    const change = { token, body: { maxConcurrentSessions: 1 } };
    expectProblem(await rig.ask("PATCH", "/api/settings", change), 403, "scope_forbidden");
  });
});

describe("PATCH /api/settings", () => {
  test("a change that can be live is in force at once, told to who listens, kept over a restart, and audited", async () => {
    const settings = rig.parts.settings as Settings;
    const limits = livePoolLimits(settings);
    let told = 0;
    limits.onChange?.(() => {
      told += 1;
    });
    const body = { maxConcurrentSessions: 3, sessionTimeoutHours: 12, sessionWarningHours: 9.5 };
    const changed = await rig.ask("PATCH", "/api/settings", { body });
    expect(changed.body.maxConcurrentSessions).toMatchObject({ value: 3, source: "stored", live: true });
    expect(told).toBe(1);
    expect(limits).toMatchObject({
      maxConcurrentSessions: 3,
      sessionTimeoutMs: 12 * hour,
      sessionWarningMs: 9.5 * hour,
    });

    expect(restarted().config).toMatchObject({ maxConcurrentSessions: 3, sessionTimeoutMs: 12 * hour });
    const { entries } = (await rig.ask("GET", "/api/audit?limit=3")).body as {
      entries: Array<{ action: string; target: string; detail: string }>;
    };
    expect(entries.map(({ action, target, detail }) => `${action} ${target}: ${detail}`)).toEqual([
      "setting.change sessionWarningHours: 20 -> 9.5",
      "setting.change sessionTimeoutHours: 24 -> 12",
      "setting.change maxConcurrentSessions: 10 -> 3",
    ]);
  });

  test("the pool's limits are views of the settings, which nothing but a change of the settings alters", async () => {
    const limits = livePoolLimits(rig.parts.settings as Settings);
    const copy = { ...limits };
    await rig.ask("PATCH", "/api/settings", { body: { turnStallMinutes: 3 } });
    expect([limits.turnStallMs, copy.turnStallMs]).toEqual([180_000, 600_000]);
    expect(() => Object.assign(limits, { turnStallMs: 1 })).toThrow(TypeError);
  });

  test("null goes back to the default", async () => {
    await rig.ask("PATCH", "/api/settings", { body: { permissionTimeoutMinutes: 5 } });
    const back = await rig.ask("PATCH", "/api/settings", { body: { permissionTimeoutMinutes: null } });
    expect(back.body.permissionTimeoutMinutes).toMatchObject({ value: 60, source: "default" });
    expect(rig.store.settings.all().size).toBe(0);
  });

  test("what cannot change at once says what will be in force from the next start", async () => {
    const changed = await rig.ask("PATCH", "/api/settings", { body: { healthIntervalSeconds: 5 } });
    expect(changed.body.healthIntervalSeconds).toMatchObject({ value: 30, next: 5, live: false });
    expect((rig.parts.settings as Settings).config.healthIntervalMs).toBe(30_000);
    expect(restarted().config.healthIntervalMs).toBe(5_000);
    expect(restarted().view().healthIntervalSeconds).toMatchObject({ value: 5, source: "stored" });
  });

  test("what the environment sets is refused, and nothing else of the request is kept", async () => {
    const body = { maxConcurrentSessions: 3, maxQueuedTurns: 50 };
    const refused = await rig.ask("PATCH", "/api/settings", { body });
    expectProblem(refused, 409, "setting_fixed");
    expect(refused.body.detail).toContain("MAX_QUEUED_TURNS");
    expect(rig.store.settings.all().size).toBe(0);
  });

  test("it is judged by the bounds of the configuration, field by field and as a whole", async () => {
    const bad = { maxConcurrentSessions: 2.5, cpuUsageLimitPercent: 101, retentionDays: "90" };
    const refused = await rig.ask("PATCH", "/api/settings", { body: bad });
    expectProblem(refused, 400, "invalid_request");
    expect(refused.body.errors?.map((fault) => fault.path).sort()).toEqual([
      "cpuUsageLimitPercent",
      "maxConcurrentSessions",
      "retentionDays",
    ]);
    const contradiction = await rig.ask("PATCH", "/api/settings", { body: { sessionTimeoutHours: 10 } });
    expectProblem(contradiction, 400, "invalid_request");
    expect(contradiction.body.errors?.[0]?.path).toBe("sessionWarningHours");
    expect(rig.store.settings.all().size).toBe(0);
  });

  test("settings that contradict a new environment are ignored, so that the server starts", async () => {
    await rig.ask("PATCH", "/api/settings", { body: { sessionWarningHours: 22 } });
    rig.environment.SESSION_TIMEOUT_HOURS = "21";
    rig.environment.SESSION_WARNING_HOURS = "";
    expect(restarted().config).toMatchObject({ sessionTimeoutMs: 21 * hour, sessionWarningMs: 20 * hour });
    expect(rig.log.lines).toContainEqual(expect.objectContaining({ event: "settings.ignored" }));
  });
});

describe("REPORT-2: limits that follow the machine", () => {
  test("REPORT-2: auto is taken, kept over a restart, and shown with its number and what limits it", async () => {
    const { body } = await rig.ask("PATCH", "/api/settings", { body: { maxConcurrentSessions: "auto" } });
    expect(body.maxConcurrentSessions).toMatchObject({ value: "auto", default: 10, source: "stored" });
    const settings = restarted();
    settings.tellEffective(() => ({ effective: 7, limitedBy: "memory" }));
    expect(settings.view().maxConcurrentSessions).toMatchObject({
      value: "auto",
      effective: 7,
      limitedBy: "memory",
    });
    expect(settings.view().maxQueuedTurns).not.toHaveProperty("effective");
    const { entries } = (await rig.ask("GET", "/api/audit?limit=1")).body as {
      entries: Array<{ detail: string }>;
    };
    expect(entries[0]?.detail).toBe("10 -> auto");
    const back = await rig.ask("PATCH", "/api/settings", { body: { maxConcurrentSessions: null } });
    expect(back.body.maxConcurrentSessions).toMatchObject({ value: 10, source: "default" });
  });

  test("REPORT-2: auto is for the number of sessions alone, in the environment in letters of any size", async () => {
    expectProblem(
      await rig.ask("PATCH", "/api/settings", { body: { maxQueuedTurns: "auto" } }),
      400,
      "invalid_request",
    );
    for (const word of ["auto", "Auto", " AUTO "]) {
      rig.environment.MAX_CONCURRENT_SESSIONS = word;
      expect(restarted().view().maxConcurrentSessions).toMatchObject({
        value: "auto",
        source: "environment",
      });
    }
    for (const value of ["automatic", "0", "-1"])
      expect(() => readConfig({ MAX_CONCURRENT_SESSIONS: value })).toThrow("MAX_CONCURRENT_SESSIONS");
    expect(() => readConfig({ MAX_QUEUED_TURNS: "auto" })).toThrow("MAX_QUEUED_TURNS");
  });

  test("REPORT-2: a tool may use half of the machine's memory unless the owner says otherwise", () => {
    expect(readConfig({}, 16 * 1_024 ** 3).maxMemoryPerToolBytes).toBe(8 * 1_024 ** 3);
    expect(readConfig({}, 0).maxMemoryPerToolBytes).toBe(4 * 1_024 ** 3);
    expect(readConfig({ MAX_MEMORY_PER_TOOL_MB: "300" }, 16 * 1_024 ** 3).maxMemoryPerToolBytes).toBe(
      300 * 1_024 ** 2,
    );
    const { maxMemoryPerToolMb } = restarted().view();
    expect(maxMemoryPerToolMb).toMatchObject({ source: "default", value: maxMemoryPerToolMb.default });
  });
});

describe("the limits of the configuration", () => {
  test("each is read from the environment under its name there, by the same bounds", () => {
    for (const name of limitNames) {
      const { min, max } = limitTable[name];
      const variable = environmentName(name);
      for (const value of [min - 0.01, max + 1, Number.NaN]) {
        expect(() => readConfig({ [variable]: String(value) })).toThrow(variable);
      }
    }
    expect(readConfig({ MAX_TOTAL_MEMORY_GB: "0.5" }).maxTotalMemoryBytes).toBe(0.5 * 1_024 ** 3);
  });
});
