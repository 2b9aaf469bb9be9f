import { expect, test } from "@jest/globals";
import { parseConfigList, quoted, readingSettings } from "../../../server/git/configuration.ts";

const owner = { homeDir: "/home/o", configHome: "/home/o/.config" };

test("a list of values is read with scopes, values of several lines and keys without a value", () => {
  expect(parseConfigList("global\0a.b\nx\ny\0local\0core.bare\0", true)).toEqual([
    { scope: "global", key: "a.b", value: "x\ny" },
    { scope: "local", key: "core.bare" },
  ]);
  expect(parseConfigList("a.b\n\0", false)).toEqual([{ scope: "", key: "a.b", value: "" }]);
  expect(parseConfigList("", false)).toEqual([]);
});

test("only harmless settings are taken over, and their values are plain words", () => {
  const entries = [
    { scope: "local", key: "core.autocrlf", value: "input" },
    { scope: "local", key: "core.filemode", value: 'false"\n[core]\nfsmonitor = x' },
    { scope: "local", key: "core.fsmonitor", value: "/tmp/evil" },
    { scope: "local", key: "core.excludesfile", value: "/etc/passwd" },
    { scope: "global", key: "core.excludesfile", value: '~/my "ignore"' },
    { scope: "local", key: "filter.x.clean", value: "/tmp/evil" },
    { scope: "local", key: "extensions.objectformat", value: "sha256" },
    { scope: "local", key: "core.bare" },
  ];
  const { configText, filters, isBare, objectFormat } = readingSettings(entries, owner);
  expect(configText).toContain("autocrlf = input\n");
  expect(configText).toContain('excludesFile = "/home/o/my \\"ignore\\""\n');
  expect(configText).not.toMatch(/evil|passwd|filemode/);
  expect([...filters]).toEqual(["x"]);
  expect([isBare, objectFormat]).toEqual([true, "sha256"]);
});

test("a quoted value stays one value", () => {
  expect(quoted('a\\b"c\nd')).toBe('"a\\\\b\\"c\\nd"');
});
