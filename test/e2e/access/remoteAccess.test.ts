import { readFileSync } from "node:fs";
import { request } from "node:http";
import { describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

const publicName = "studio.example.org";

describe("A07: behind a tunnel, as docs/remote-access.md sets it up", () => {
  const recipe = readFileSync("docs/remote-access.md", "utf8");
  // The recipe's own line, so that the two cannot part.
  const PUBLIC_URL = /^PUBLIC_URL=(https:\/\/studio\.example\.org) scripts\/start$/m.exec(recipe)?.[1] ?? "";
  const scene = useScene({ every: "file", settings: { PUBLIC_URL } });

  /** As a tunnel passes it on: from this computer, with the name that the client asked for. */
  const through = (host: string, path: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { port } = new URL(scene.server.url);
      request({ host: "127.0.0.1", port, path, headers: { host, ...headers } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });

  test("A07 A04: the tunnel's name is answered to, for requests, pages and sockets; others are not", async () => {
    const { token } = await scene.server.pair("phone");
    const authorization = `Bearer ${token}`;
    expect(await through(publicName, "/api/sessions", { authorization })).toBe(200);
    expect(
      await through(publicName, "/api/sessions", { authorization, origin: `https://${publicName}` }),
    ).toBe(200);
    expect(await through("other.example.org", "/api/sessions", { authorization })).toBe(403);
    expect(
      await through(publicName, "/api/sessions", { authorization, origin: "https://other.example.org" }),
    ).toBe(403);
    const socket = await connect({
      url: `${scene.server.url.replace("http", "ws")}/ws`,
      token,
      headers: { host: publicName, origin: `https://${publicName}` },
    });
    await socket.close();
  });

  test("A07 A01: pairing codes lead to the tunnel, and nothing is announced from the loopback", async () => {
    const { body } = await scene.server.ask("POST", "/api/pairing-codes", {});
    expect(new URL(body.url).searchParams.get("url")).toBe(`https://${publicName}`);
    expect(scene.server.lines.filter((line) => line.includes("bonjour."))).toEqual([]);
  });
});
