import { describe, expect, test } from "@jest/globals";
import { hashSecret } from "../../../../../server/access/tokens.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();
const device = { name: "Anna’s iPhone", platform: "ios" };
const newCode = async (scope?: string): Promise<string> => {
  const asked = await rig.ask("POST", "/api/pairing-codes", {
    body: scope === undefined ? undefined : { scope },
  });
  expect(asked.status).toBe(201);
  return String(asked.body.code);
};
const pair = (code: string) => rig.ask("POST", "/api/pair", { token: null, body: { code, device } });

describe("A01: pairing", () => {
  test("A01: a code made by the owner gives a phone its token, which works at once", async () => {
    const made = await rig.ask("POST", "/api/pairing-codes");
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      code: expect.stringMatching(/^[0-9A-Z]{10}$/),
      expiresAt: rig.clock.now() + 600_000,
      url: `daylong://pair?url=${encodeURIComponent(rig.url)}&code=${made.body.code}`,
      pageUrl: `${rig.url}/pair#code=${made.body.code}`,
    });
    const paired = await pair(String(made.body.code));
    expect(paired.status).toBe(201);
    expect(paired.body).toEqual({
      deviceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      serverName: "Studio",
      epoch: rig.store.events.epoch,
    });
    const me = await rig.ask("GET", "/api/devices/me", { token: String(paired.body.token) });
    expect(me.body).toMatchObject({ deviceId: paired.body.deviceId, scope: "chat", ...device });
    expect(rig.store.events.after(0, 10)).toMatchObject([
      { type: "device.paired", sessionId: null, data: { deviceId: paired.body.deviceId, ...device } },
    ]);
    expect(rig.store.audit.list(undefined, 2).entries.map((entry) => entry.action)).toEqual([
      "device.pair",
      "pairing-code.create",
    ]);
  });

  test("A01: a code works once", async () => {
    const code = await newCode();
    expect((await pair(code)).status).toBe(201);
    expectProblem(await pair(code), 401, "pairing_code_invalid");
    expect(rig.access.list()).toHaveLength(2);
  });

  test("A01: of many who use a code at the same time one is paired", async () => {
    const code = await newCode();
    const answers = await Promise.all([pair(code), pair(code), pair(code), pair(code)]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 401, 401, 401]);
  });

  test("A01: a code is over after ten minutes", async () => {
    const code = await newCode();
    rig.clock.advance(600_000);
    expectProblem(await pair(code), 401, "pairing_code_invalid");
  });

  test("A01: a code may be typed in lower case, with hyphens, and with letters for digits", async () => {
    const code = await newCode();
    const typed = code.toLowerCase().replace(/0/g, "o").replace(/1/g, "l");
    expect((await pair(`${typed.slice(0, 5)}-${typed.slice(5)}`)).status).toBe(201);
  });

  test("A02: the scope of the code is the scope of the token", async () => {
    for (const scope of ["read", "chat", "admin"]) {
      const paired = await pair(await newCode(scope));
      const me = await rig.ask("GET", "/api/devices/me", { token: String(paired.body.token) });
      expect(me.body.scope).toBe(scope);
    }
    const wrong = await rig.ask("POST", "/api/pairing-codes", { body: { scope: "root" } });
    expectProblem(wrong, 400, "invalid_request");
  });

  test("A01: a device that does not say who it is is not paired, and its code is not used up", async () => {
    const code = await newCode();
    for (const body of [
      { code },
      { code, device: { name: "", platform: "ios" } },
      { code, device: { name: "a\nb", platform: "ios" } },
      { device },
    ]) {
      expectProblem(await rig.ask("POST", "/api/pair", { token: null, body }), 400, "invalid_request");
    }
    expect((await pair(code)).status).toBe(201);
  });

  test("A08: neither code nor token is in the log or the database", async () => {
    const code = await newCode();
    const token = String((await pair(code)).body.token);
    const kept = JSON.stringify([
      rig.log.lines,
      rig.store.events.after(0, 100),
      rig.store.audit.list(undefined, 100),
      rig.store.devices.list(),
    ]);
    expect(kept).not.toContain(code);
    expect(kept).not.toContain(token);
    expect(rig.store.devices.byTokenHash(hashSecret(token))).toBeDefined();
  });
});

describe("A04: limits of pairing", () => {
  test("A04: after five wrong codes the address waits out its quarter of an hour, right codes included", async () => {
    const code = await newCode();
    for (let tried = 0; tried < 5; tried += 1) {
      expectProblem(await pair("0000000000"), 401, "pairing_code_invalid");
    }
    rig.clock.advance(300_000);
    const refused = await pair(code);
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("600");
    rig.clock.advance(600_000);
    expect((await pair(await newCode())).status).toBe(201);
  });

  test("A04: an address pairs thirty devices in an hour and no more", async () => {
    for (let paired = 0; paired < 30; paired += 1) expect((await pair(await newCode())).status).toBe(201);
    const refused = await pair(await newCode());
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("3600");
    rig.clock.advance(3_600_000);
    expect((await pair(await newCode())).status).toBe(201);
  });
});
