import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { installClient } from "../../support/server/installClient.ts";
import { useScene } from "../../support/server/scene.ts";

describe("the long examples of the session management", () => {
  const scene = useScene({ every: "file", spares: true });
  let dir: string;
  beforeAll(async () => {
    dir = join(scene.bench.dir, "examples");
    await installClient(dir);
  });

  /** Runs an example as its reader does, and gives what it printed. */
  const printed = async (name: string): Promise<string[]> => {
    const { token } = await scene.server.pair(name);
    const file = join(dir, `${name}.mjs`);
    copyFileSync(resolve("client/examples", `${name}.mjs`), file);
    const env = {
      PATH: process.env.PATH,
      DAYLONG_URL: scene.server.url,
      DAYLONG_TOKEN: token,
      PROJECT: scene.bench.project,
    };
    const { stdout } = await promisify(execFile)(process.execPath, [file], {
      cwd: dir,
      env,
      timeout: 100_000,
    });
    return stdout.trimEnd().split("\n");
  };

  test("EXAMPLE-7: a session manager finds its new session in the list, waits for its end, and keeps what a cancelled one had said", async () => {
    expect(await printed("sessionManager")).toEqual([
      expect.stringMatching(/^(running|initializing) sonnet string true true$/),
      "user Remember the word BANANA true",
      "assistant I will remember BANANA. true",
      '[["user","slow:"],["assistant","Slowly:"]]',
      "true",
      expect.stringMatching(/^2 2$/),
    ]);
  });

  test("EXAMPLE-10: a batch that waits until its project is not in the list does its tasks one after the other", async () => {
    expect(await printed("batchProcessor")).toEqual([
      "begin alpha, end alpha, begin beta, end beta, begin gamma, end gamma",
      "2+2: 4, 3*5: 15, 8/2: 4, 9-4: 5",
      "0 true",
      expect.stringMatching(/^[1-7]$/),
    ]);
  });

  test("EXAMPLE-10: a history explorer reads projects, sessions and messages with their instants", async () => {
    expect(await printed("historyExplorer")).toEqual([
      "true Remember the word MANGO",
      "true",
      "user assistant assistant",
      "true",
      "**user**: Remember the word MANGO",
      "**assistant**: I will remember MANGO.",
      "**user**: What was my previous question?",
      "**assistant**: Your previous question was: Remember the word MANGO",
    ]);
  });
});
