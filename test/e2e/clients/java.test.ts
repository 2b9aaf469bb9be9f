import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";

const run = promisify(execFile);
const program = "test/support/clients/JavaClient.java";

// Where there is no Java, what its client sends is sent by test/integration/platform/ignoredUpgrades.test.ts.
if (spawnSync("java", ["-version"]).status === 0) {
  describe("REPORT-4: Java's own client, which asks for HTTP/2 with every plain request", () => {
    const scene = useScene({ every: "file" });

    test("REPORT-4: requests, bodies and a socket of java.net.http reach the server", async () => {
      const { url } = scene.server;
      const { token } = await scene.server.pair("java");
      const message = JSON.stringify({ projectPath: scene.bench.project, message: "Hello from Java" });
      const { stdout } = await run("java", [program, url, token, message]);
      const lines = stdout.trim().split("\n");
      expect(lines.slice(0, 2)).toEqual([
        expect.stringMatching(/^GET \/health 200 .*"status":"ok"/),
        expect.stringMatching(/^GET \/health 200 .*"status":"ok"/),
      ]);
      expect(lines[2]).toMatch(/^POST \/api\/chat 200 .*"state":"completed".*Hello from Java/);
      expect(lines[3]).toMatch(/^\/ws \{"type":"welcome"/);
    });
  });
} else {
  test("REPORT-4: without Java on this computer, the bytes of its requests are replayed elsewhere", () => {
    expect(spawnSync("java", ["-version"]).error).toMatchObject({ code: "ENOENT" });
  });
}
