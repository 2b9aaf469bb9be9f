import { describe, expect, test } from "@jest/globals";
import { settingNames } from "../../../server/app/config.ts";
import { nearName } from "../../../server/platform/nearName.ts";

const near = (name: string) => nearName(name, settingNames);

describe("REPORT-8: a name that is no setting", () => {
  test.each([
    ["MAX_SESSIONS", "MAX_CONCURRENT_SESSIONS"],
    ["SESSION_TIMEOUT", "SESSION_TIMEOUT_HOURS"],
    ["SESSION_TIMEOUT_MINUTES", "SESSION_TIMEOUT_HOURS"],
    ["PROJECT_ROOT", "PROJECT_ROOTS"],
    ["PORJECT_ROOTS", "PROJECT_ROOTS"],
    ["port", "PORT"],
    ["DAYLONG_DATA_DIR", "DATA_DIR"],
    ["APNS_KEYID", "APNS_KEY_ID"],
  ])("REPORT-8: %s is near %s", (name, meant) => {
    expect(near(name)).toBe(meant);
  });

  test("REPORT-8: names of other programs are near none, and a setting is near no other one", () => {
    const others = [
      "HOSTNAME",
      "POST",
      "LOGNAME",
      "SESSION_MANAGER",
      "XDG_DATA_DIRS",
      "TLS_X",
      "EDITOR",
      "PWD",
    ];
    expect(others.filter((name) => near(name) !== undefined)).toEqual([]);
    expect(settingNames.filter((name) => near(name) !== undefined)).toEqual([]);
  });
});
