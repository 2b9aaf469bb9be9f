import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readTar, TarWriter } from "../../../../server/commands/backup/tar.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sizes = [0, 1, 511, 512, 513, 3 * 1024 * 1024 + 7];
const contentOf = (size: number) => Buffer.alloc(size, `content of ${size} `);
const write = () => {
  const path = join(folder, "all.tar");
  const writer = new TarWriter(path, Date.UTC(2026, 10, 28));
  for (const size of sizes) {
    writeFileSync(join(folder, "source"), contentOf(size));
    writer.addFile(`a/${size}`, join(folder, "source"));
  }
  writer.end();
  writer.close();
  return path;
};

test("O05: files of every size come back as they were, with their hashes", () => {
  const read = new Map<string, Buffer[]>();
  const entries = readTar(write(), (name) => {
    read.set(name, []);
    return (piece) => read.get(name)!.push(Buffer.from(piece));
  });
  expect(entries.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual(
    sizes.map((size) => [`a/${size}`, size]),
  );
  for (const size of sizes)
    expect([size, Buffer.concat(read.get(`a/${size}`)!).equals(contentOf(size))]).toEqual([size, true]);
  expect(new Set(entries.map(({ sha256 }) => sha256)).size).toBe(sizes.length);
});

test("O05: the system's own tar unpacks what is written", () => {
  const path = write();
  execFileSync("tar", ["-xf", path, "-C", folder]);
  for (const size of sizes)
    expect([size, readFileSync(join(folder, `a/${size}`)).equals(contentOf(size))]).toEqual([size, true]);
});

test("O05: a file that is cut anywhere, or holds a link, is refused", () => {
  const path = write();
  const whole = readFileSync(path);
  for (const length of [0, 100, 512, 1_000, 5_000, whole.length - 1_024]) {
    writeFileSync(path, whole.subarray(0, length));
    expect(() => readTar(path, () => undefined)).toThrow(/ends too early/);
  }
  execFileSync("ln", ["-s", "/etc/passwd", join(folder, "link")]);
  execFileSync("tar", ["--format=ustar", "-cf", path, "-C", folder, "link"]);
  expect(() => readTar(path, () => undefined)).toThrow(/other things than plain files/);
});
