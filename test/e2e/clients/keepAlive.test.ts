import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { useScene } from "../../support/server/scene.ts";

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

describe("REPORT-13: a connection that is kept", () => {
  const scene = useScene({ every: "file" });
  const clients: Socket[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });

  async function open(): Promise<Socket> {
    const client = connect(Number(new URL(scene.server.url).port), "127.0.0.1");
    clients.push(client);
    await once(client, "connect");
    return client;
  }

  /** The head of the next answer on the connection; rejects when it is closed instead. */
  async function answerTo(client: Socket, path: string): Promise<string> {
    const closed = once(client, "close").then(() => {
      throw new Error("The connection was closed.");
    });
    client.write(request(path));
    const [head] = await Promise.race([once(client, "data"), closed]);
    return String(head);
  }

  test.each([
    ["browsers and phones behind nginx (keepalive_timeout)", 75],
    ["nginx to its upstream (keepalive_timeout of an upstream)", 60],
    ["Caddy to its upstream", 120],
    ["cloudflared", 90],
    ["Tailscale Serve", 90],
    ["Go's default client", 90],
    ["Traefik", 90],
    ["AWS's load balancers", 60],
    ["Python's aiohttp", 15],
    ["Apache's mod_proxy (ttl as its manual shows it)", 120],
    ["Python's httpx", 5],
  ])("REPORT-13: outlives %s, %i s, by what the server says of itself", async (_who, seconds) => {
    const head = await answerTo(await open(), "/health");
    const timeout = /^keep-alive: timeout=(\d+)\r$/im.exec(head)?.[1];
    expect(Number(timeout)).toBeGreaterThan(seconds);
  });

  test("REPORT-13: idle for longer than a head of a request may take, it still answers", async () => {
    const idle = await open();
    expect(await answerTo(idle, "/health")).toMatch(/^HTTP\/1.1 200/);
    const slow = await open();
    slow.write("GET /health HTTP/1.1\r\n");
    // The server closes it after ten seconds: that is how long the other one is idle.
    slow.resume();
    await once(slow, "close");
    expect(await answerTo(idle, "/health")).toMatch(/^HTTP\/1.1 200/);
  });
});
