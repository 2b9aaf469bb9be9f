import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { ensureAdminToken } from "../../../server/access/adminToken.ts";
import { hashSecret, looksLikeToken, makeToken } from "../../../server/access/tokens.ts";
import { useBench } from "../store/fixture.ts";

const bench = useBench();
const path = () => join(bench.folder, "admin-token");
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ensure = () =>
  ensureAdminToken({ dataDir: bench.folder, store: bench.store, clock: bench.clock, log: silent });
const modeOf = (file: string) => statSync(file).mode & 0o777;
const deviceOf = (token: string) => bench.store.devices.byTokenHash(hashSecret(token));

describe("A08: what the audit log says of the local command line's token", () => {
  test("A08: tells a new file from one that the database did not know, and nothing at a start without news", () => {
    ensure();
    bench.clock.nowAt += 1_000;
    ensure();
    bench.clock.nowAt += 1_000;
    writeFileSync(path(), makeToken());
    ensure();
    const entry = {
      deviceId: "local",
      action: "admin-token.accept",
      target: "local",
    };
    const { entries } = bench.store.audit.list(undefined, 10);
    expect(entries).toEqual([
      { ...entry, at: bench.clock.nowAt, detail: "file not known to the database" },
      { ...entry, at: bench.clock.nowAt - 2_000, detail: "new file" },
    ]);
  });

  test("A02: an audit entry that cannot be written leaves the token before it in force", () => {
    const before = ensure();
    const next = makeToken();
    writeFileSync(path(), next);
    const { store } = bench;
    const refusing = Object.create(store, {
      audit: {
        value: {
          add: () => {
            throw new Error("The disk is full.");
          },
        },
      },
    }) as typeof store;
    const parts = { dataDir: bench.folder, store: refusing, clock: bench.clock, log: silent };
    expect(() => ensureAdminToken(parts)).toThrow("The disk is full.");
    expect([deviceOf(before)?.scope, deviceOf(next)]).toEqual(["admin", undefined]);
  });
});

describe("A08: the file of the token", () => {
  test.each([0o640, 0o604, 0o620, 0o601])("A08: with mode %o is closed to others, and counts", (mode) => {
    const token = ensure();
    chmodSync(path(), mode);
    expect(ensure()).toBe(token);
    expect(modeOf(path())).toBe(0o600);
  });

  test("A08: that its owner has closed even further is left as it is", () => {
    const token = ensure();
    chmodSync(path(), 0o400);
    expect([ensure(), modeOf(path())]).toEqual([token, 0o400]);
  });

  test("A08: blanks around the token are no part of it", () => {
    const token = makeToken();
    writeFileSync(path(), `\n  ${token} \n\n`);
    expect(ensure()).toBe(token);
  });

  test("A08: that is a directory is named, and not replaced", () => {
    mkdirSync(path());
    expect(ensure).toThrow(`${path()} must be a plain file.`);
    expect(statSync(path()).isDirectory()).toBe(true);
  });

  test("A08: that cannot be opened is named with the cause, and no other token is made", () => {
    symlinkSync(join(bench.folder, "nowhere"), path());
    expect(ensure).toThrow(
      expect.objectContaining({
        message: `The file ${path()} cannot be read; it must be a plain file of the server's user.`,
        cause: expect.objectContaining({ code: "ELOOP" }),
      }),
    );
    expect(bench.store.devices.list()).toEqual([]);
  });

  test("A08: what a crash left beside it is written over, whole and closed to others", () => {
    writeFileSync(`${path()}.new`, "x".repeat(1_000), { mode: 0o644 });
    chmodSync(`${path()}.new`, 0o644);
    const token = ensure();
    expect(looksLikeToken(token)).toBe(true);
    expect(readFileSync(path(), "utf8")).toBe(`${token}\n`);
    expect([modeOf(path()), existsSync(`${path()}.new`)]).toEqual([0o600, false]);
  });

  test("A08: is not written through a link that lies beside it", () => {
    const foreign = join(bench.folder, "foreign");
    writeFileSync(foreign, "kept");
    symlinkSync(foreign, `${path()}.new`);
    expect(ensure).toThrow(expect.objectContaining({ code: "ELOOP" }));
    expect(readFileSync(foreign, "utf8")).toBe("kept");
    unlinkSync(`${path()}.new`);
    expect(deviceOf(ensure())?.deviceId).toBe("local");
  });
});
