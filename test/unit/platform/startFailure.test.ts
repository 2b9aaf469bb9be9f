import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { startFailure } from "../../../server/platform/startFailure.ts";

test("DOOR-20: a start on a full disk says that the disk is full, whatever met it first", () => {
  const database = new Database(":memory:");
  database.pragma("max_page_count = 1");
  let full: unknown;
  try {
    database.exec("CREATE TABLE one (x); CREATE TABLE two (x)");
  } catch (error) {
    full = error;
  }
  database.close();
  expect((full as { code: string }).code).toBe("SQLITE_FULL");
  const noSpace = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  for (const error of [
    full,
    noSpace,
    new Error("wrapped", { cause: new Error("twice", { cause: noSpace }) }),
  ])
    expect(startFailure(error)).toMatch(/^The disk that holds the data folder is full/);
  expect(startFailure(Object.assign(new Error("x"), { code: "EDQUOT" }))).toMatch(/quota/);
  expect(startFailure(new Error("Something else."))).toBe("Something else.");
});
