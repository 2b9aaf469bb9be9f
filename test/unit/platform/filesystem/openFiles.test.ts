import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import {
  openFilesCount,
  openFilesLimit,
  roomForConnections,
} from "../../../../server/platform/filesystem/openFiles.ts";

describe("DOOR-1: the table of open files", () => {
  test("is measured where the server runs, not assumed", () => {
    const inherited = execFileSync("/bin/sh", ["-c", "ulimit -n"]).toString().trim();
    expect(String(openFilesLimit() ?? "unlimited")).toBe(inherited);
    expect(openFilesCount()).toBeGreaterThan(2);
  });

  test("keeps room for every CLI process and the server's own files beside the connections", () => {
    const room = (limit: number | undefined, processes: number) =>
      roomForConnections({ limit, openAtStart: 30, processes });
    expect(room(256, 12)).toBe(256 - 30 - 48 - 96);
    expect(room(512, 12)).toBe(338);
    expect(room(1_024, 12)).toBe(850);
    expect(room(1_048_576, 12)).toBe(1_000);
    expect(room(undefined, 12)).toBe(1_000);
    // So small a table is told, and leaves the owner a way in.
    expect(room(128, 12)).toBe(8);
  });
});
