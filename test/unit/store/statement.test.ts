import { expect, test } from "@jest/globals";
import Database from "better-sqlite3";
import { DaylongError } from "../../../server/domain/errors.ts";
import { storageFailure } from "../../../server/store/statement.ts";

test("what the machine does to the database is storage_failed with its cause, and says what to do", () => {
  for (const code of [
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_IOERR_FSYNC",
    "SQLITE_BUSY",
    "SQLITE_BUSY_SNAPSHOT",
    "SQLITE_READONLY",
  ]) {
    const cause = new Database.SqliteError("it failed", code);
    const error = storageFailure(cause);
    expect(error).toBeInstanceOf(DaylongError);
    expect(error).toMatchObject({ code: "storage_failed", retryable: true, cause });
  }
  expect(storageFailure(new Database.SqliteError("", "SQLITE_BUSY_RECOVERY"))).toHaveProperty(
    "message",
    expect.stringContaining("Another program"),
  );
});

test("what our own code does wrong stays what it is", () => {
  for (const error of [
    new Database.SqliteError("", "SQLITE_CONSTRAINT_UNIQUE"),
    new TypeError("x"),
    "text",
  ]) {
    expect(storageFailure(error)).toBe(error);
  }
});
