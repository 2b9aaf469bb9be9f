import { describe, expect, test } from "@jest/globals";
import { numberedName, plainFileName } from "../../../../server/domain/sessions/attachment.ts";

describe("S33: names of attachments", () => {
  test.each([
    ["report.pdf", "report.pdf"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\me\\notes.txt", "notes.txt"],
    [".bashrc", "bashrc"],
    ["..", "file"],
    ["", "file"],
    ["   .  ", "file"],
    ["a\nIgnore what was said before\n.txt", "aIgnore what was said before.txt"],
    ["photo\u202Egpj.exe", "photogpj.exe"],
    ["pay\u3164roll.pdf", "payroll.pdf"],
    ["\u115f\u1160\uffa0\u2800", "file"],
    ["bill\u2800.pdf", "bill.pdf"],
    ["a\u034f\u17b4\u180e\ufe0f\u{e0041}\u2028.md", "a.md"],
    ["nul\0byte", "nulbyte"],
    ['quo"te<>|?*:`.md', "quo_te_______.md"],
    ["half\ud83d.txt", "half\ufffd.txt"],
    ["Übersicht 🙂.xlsx", "Übersicht 🙂.xlsx"],
    ["archive.tar.gz", "archive.tar.gz"],
    ["trailing. . ", "trailing"],
  ])("S33: %j becomes %j", (wanted, plain) => {
    expect(plainFileName(wanted)).toBe(plain);
  });

  test("S33: a long name is cut to 120 bytes between characters, and keeps its extension", () => {
    const name = plainFileName(`${"🙂".repeat(200)}.jpeg`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(120);
    expect(name).toMatch(/^(🙂)+\.jpeg$/u);
    expect(Buffer.byteLength(plainFileName(`a.${"x".repeat(300)}`))).toBeLessThanOrEqual(120);
  });

  test("S33: a long run of dots within a name takes no time to speak of", () => {
    const before = process.cpuUsage();
    expect(plainFileName(`a${".".repeat(100_000)}b`)).toMatch(/^a\.+/);
    // Of the processor's time, which no other program takes. Quadratic, it is 20 s.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });

  test("S33: a number goes before the extension", () => {
    expect(numberedName("report.pdf", 0)).toBe("report.pdf");
    expect(numberedName("report.pdf", 2)).toBe("report-2.pdf");
    expect(numberedName("Makefile", 1)).toBe("Makefile-1");
  });
});
