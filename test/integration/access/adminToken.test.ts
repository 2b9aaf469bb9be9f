import { chmodSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ensureAdminToken } from "../../../server/access/adminToken.ts";
import { makeToken } from "../../../server/access/tokens.ts";
import { useRig } from "../http/rig.ts";

const rig = useRig();
const path = () => join(rig.folder, "admin-token");
const ensure = () =>
  ensureAdminToken({ dataDir: rig.folder, store: rig.store, clock: rig.clock, log: rig.log });

describe("A02: the token of the local command line", () => {
  test("A02: it is made at the first start, readable by its owner only, and is the device local", () => {
    expect(readFileSync(path(), "utf8").trim()).toBe(rig.adminToken);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(rig.access.authenticate(rig.adminToken)).toEqual({ deviceId: "local", scope: "admin" });
    expect(rig.access.get("local")).toMatchObject({ name: "This computer", platform: "cli", scope: "admin" });
  });

  test("A02: a later start keeps it", () => {
    expect(ensure()).toBe(rig.adminToken);
    expect(rig.access.list()).toHaveLength(1);
  });

  test("A02: a file the database does not know counts again, and the token before it ends", () => {
    const restored = makeToken();
    writeFileSync(path(), `${restored}\n`);
    expect(ensure()).toBe(restored);
    expect(rig.access.authenticate(restored)).toEqual({ deviceId: "local", scope: "admin" });
    expect(rig.access.authenticate(rig.adminToken)).toBeUndefined();
    expect(rig.access.list()).toHaveLength(1);
  });

  test("A02: a deleted file is replaced by a new token", () => {
    unlinkSync(path());
    const token = ensure();
    expect(token).not.toBe(rig.adminToken);
    expect(rig.access.authenticate(rig.adminToken)).toBeUndefined();
    expect(statSync(path()).mode & 0o777).toBe(0o600);
  });

  test("A02: a file without a token in it is replaced", () => {
    writeFileSync(path(), "");
    expect(rig.access.authenticate(ensure())).toBeDefined();
  });

  test("A08: a file others can read is closed to them", () => {
    chmodSync(path(), 0o644);
    expect(ensure()).toBe(rig.adminToken);
    expect(statSync(path()).mode & 0o777).toBe(0o600);
    expect(rig.log.lines.map((line) => line.event)).toContain("admin_token.tightened");
    expect(JSON.stringify(rig.log.lines)).not.toContain(rig.adminToken);
  });

  test("A08: a link in the file's place is not followed", () => {
    unlinkSync(path());
    const elsewhere = join(rig.folder, "elsewhere");
    writeFileSync(elsewhere, `${makeToken()}\n`);
    symlinkSync(elsewhere, path());
    expect(ensure).toThrow(/must be a plain file/);
  });
});
