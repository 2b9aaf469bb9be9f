import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";

/** What the browser has to fetch before a conversation is shown. */
const maxFirstLoadBytes = 120_000;

const folder = mkdtempSync(join(tmpdir(), "daylong-web-"));
beforeAll(() => {
  execFileSync(
    resolve("node_modules/.bin/vite"),
    ["build", "--config", "web/vite.config.ts", "--logLevel", "warn"],
    {
      env: { PATH: process.env.PATH, DAYLONG_WEB_OUT: folder },
    },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const shell = () => readFileSync(join(folder, "index.html"), "utf8");
const named = () => [...shell().matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1]!);

describe("C05: the built page", () => {
  test("C05: the first load of a chat is at most 120 KB, compressed as over plain HTTP", () => {
    const files = ["index.html", ...named()];
    // The scripts that a script imports at once are named by the document, too.
    const imported = files
      .filter((file) => file.endsWith(".js"))
      .flatMap((file) => [...readFileSync(join(folder, file), "utf8").matchAll(/from"\.\/([^"]+)"/g)])
      .map((match) => `assets/${match[1]}`);
    expect(imported.filter((file) => !files.includes(file))).toEqual([]);
    expect(files.some((file) => file.endsWith(".css"))).toBe(true);
    // What is too short to be worth it goes as it is.
    const sent = (file: string) => (existsSync(join(folder, `${file}.gz`)) ? `${file}.gz` : file);
    const bytes = files.map((file) => statSync(join(folder, sent(file))).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(maxFirstLoadBytes);
  });

  test("C05: nothing of it is inline and nothing is foreign, as its policy says", () => {
    expect(shell()).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
    expect(
      [...shell().matchAll(/(?:src|href)="([^"]*)"/g)]
        .map((match) => match[1]!)
        .filter((url) => !url.startsWith("/")),
    ).toEqual([]);
    const scripts = readdirSync(join(folder, "assets")).filter((file) => file.endsWith(".js"));
    const evaluating = /\beval\(|new Function\(/;
    expect(
      scripts.filter((file) => evaluating.test(readFileSync(join(folder, "assets", file), "utf8"))),
    ).toEqual([]);
    expect(shell()).toContain("<noscript>");
  });

  test("C05: what only some screens need is fetched by them", () => {
    const names = readdirSync(join(folder, "assets")).filter((file) => file.endsWith(".js"));
    for (const screen of ["highlighter", "monitorScreen", "settingsScreen", "helpScreen"]) {
      const chunk = names.find((file) => file.startsWith(screen));
      expect([screen, chunk !== undefined, named().includes(`assets/${chunk}`)]).toEqual([
        screen,
        true,
        false,
      ]);
    }
  });
});
