import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(path));
const documents = files.filter((path) => path.endsWith(".md") && path !== "CHANGELOG.md");
/** Folders, so that a document may name one. */
const folders = new Set(files.flatMap((path) => foldersAbove(path)));

describe("the documents", () => {
  test("every relative link leads to a file, and to a heading of it", () => {
    expect(documents).toContain("docs/architecture.md");
    expect(documents.flatMap((path) => brokenLinks(path, readFileSync(path, "utf8")))).toEqual([]);
  });

  test("every document of docs/ is linked from another document", () => {
    const linked = new Set(
      documents.flatMap((path) =>
        linksIn(readFileSync(path, "utf8")).map((link) => join(dirname(path), link.split("#")[0]!)),
      ),
    );
    expect(documents.filter((path) => path.startsWith("docs/") && !linked.has(path))).toEqual([]);
  });

  test("every path of the code that is named is there", () => {
    expect(documents.flatMap((path) => missingPaths(path, readFileSync(path, "utf8")))).toEqual([]);
  });

  test("a link to a missing file, a link to a missing heading and a missing path are found", () => {
    const text = [
      "# Title",
      "[good](../README.md) [also](#title) [web](https://example.org/x)",
      "[bad](missing.md) [worse](#nothing)",
      "`server/main.ts` `server/nowhere.ts:12` `test/unit` `server/**`",
    ].join("\n");
    expect(brokenLinks("docs/x.md", text)).toEqual(["docs/x.md: missing.md", "docs/x.md: #nothing"]);
    expect(missingPaths("docs/x.md", text)).toEqual(["docs/x.md: server/nowhere.ts"]);
  });
});

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === "." ? [] : [folder, ...foldersAbove(folder)];
}

/** GitHub's name of a heading's anchor. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (markdown: string): Set<string> =>
  new Set([...markdown.matchAll(/^#{1,6} +(.+)$/gm)].map((match) => anchorOf(match[1]!)));

/** The relative links of a text; what stands in code is none. */
function linksIn(markdown: string): string[] {
  const withoutCode = markdown.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "code");
  return [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1]!)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function brokenLinks(path: string, markdown: string): string[] {
  return linksIn(markdown)
    .filter((link) => {
      const [target = "", anchor] = link.split("#");
      const file = target === "" ? path : join(dirname(path), target);
      const known = target === "" || files.includes(file) || folders.has(file.replace(/\/$/, ""));
      if (!known) return true;
      if (anchor === undefined) return false;
      const text = target === "" ? markdown : readFileSync(file, "utf8");
      return !anchorsOf(text).has(anchor);
    })
    .map((link) => `${path}: ${link}`);
}

/** Paths in backticks that begin in one of the folders of the code; patterns with a star or a brace are none. */
function missingPaths(path: string, markdown: string): string[] {
  return [...markdown.matchAll(/`((?:server|client|web|test|docs|scripts)\/[\w./-]+)(?::\d+)?`/g)]
    .map((match) => match[1]!.replace(/\/$/, ""))
    .filter((name) => !files.includes(name) && !folders.has(name))
    .map((name) => `${path}: ${name}`);
}
