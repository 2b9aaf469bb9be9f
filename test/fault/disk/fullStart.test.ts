import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@jest/globals";
import { benchEnvironment, makeBench } from "../../support/server/daylongServer.ts";

/** A disk of so many bytes at the folder, which only the program and what it starts see; it goes with them. */
const onSmallDisk = (folder: string, bytes: string, command: string[], environment: Record<string, string>) =>
  spawnSync(
    "unshare",
    [
      "--map-root-user",
      "--mount",
      "sh",
      "-c",
      `mount -t tmpfs -o size=${bytes} tmpfs "$1" && shift && exec "$@"`,
      "sh",
      folder,
      ...command,
    ],
    { env: environment, encoding: "utf8", timeout: 60_000 },
  );

test.each(["64k", "256k"])(
  "F20: a start on a disk that is full (%s) ends with a sentence, and not later",
  (bytes) => {
    const bench = makeBench();
    const disk = join(bench.dir, "disk");
    mkdirSync(disk);
    const environment = { ...benchEnvironment(bench, "http://127.0.0.1:9"), DATA_DIR: join(disk, "data") };
    const ended = onSmallDisk(disk, bytes, [process.execPath, resolve("dist/server/main.js")], environment);
    const said = `${ended.stdout}${ended.stderr}`;
    expect([ended.status, said]).toEqual([
      1,
      expect.stringContaining(
        "The disk that holds the data folder is full. Free some space, and start again.",
      ),
    ]);
    expect(said).not.toMatch(/\n\s+at /);
    bench.remove();
  },
);
