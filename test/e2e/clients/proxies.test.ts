import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "../../support/server/daylongServer.ts";
import {
  bareNginx,
  makeProxyCertificate,
  proxyName,
  type RunningProxy,
  recipeOf,
  startCaddy,
  startNginx,
} from "../../support/server/proxies.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

/** A port that the proxy does not listen on: it is known by the name alone, as through a router that maps ports. */
const publicHost = `${proxyName}:8443`;

describe("REPORT-19 REPORT-20: proxies in front", () => {
  const scene = useScene({ every: "file", settings: { PUBLIC_URL: `https://${publicHost}` } });
  const proxies: Record<string, RunningProxy> = {};
  let ca: string;
  let token: string;

  beforeAll(async () => {
    const dir = join(scene.bench.dir, "proxies");
    mkdirSync(dir);
    const { cert, certPath, keyPath } = await makeProxyCertificate(dir);
    ca = cert;
    ({ token } = await scene.server.pair("phone"));
    const serverPort = new URL(scene.server.url).port;
    const parts = (name: string) => ({ dir: join(dir, name), serverPort, certPath, keyPath });
    proxies.nginx = await startNginx(recipeOf("nginx"), parts("nginx"));
    proxies.Caddy = await startCaddy(recipeOf("caddy"), parts("caddy"));
    proxies["nginx as it is"] = await startNginx(bareNginx, parts("bare"));
  });
  afterAll(async () => {
    for (const proxy of Object.values(proxies)) await proxy.stop();
  });

  interface Options {
    headers?: Record<string, string>;
    body?: string | Buffer;
    onChunk?: (text: string) => void;
  }

  /** Asks through a proxy, as a client that found it by its name. */
  function through(name: string, method: string, path: string, options: Options = {}) {
    return new Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }>(
      (resolve, reject) => {
        const { body, onChunk } = options;
        const headers: Record<string, string | number> = {
          host: publicHost,
          authorization: `Bearer ${token}`,
          ...(body === undefined
            ? {}
            : { "content-length": Buffer.byteLength(body), "content-type": "application/json" }),
          ...options.headers,
        };
        const target = { host: "127.0.0.1", port: proxies[name]!.port, servername: proxyName, ca };
        const sent = httpsRequest({ ...target, method, path, headers, agent: false }, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk;
            onChunk?.(chunk);
          });
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
          response.on("error", reject);
        });
        sent.on("error", reject);
        sent.end(body);
      },
    );
  }
  const json = (body: unknown) => JSON.stringify(body);
  const socketThrough = (name: string) =>
    connect({
      url: `wss://127.0.0.1:${proxies[name]!.port}/ws`,
      servername: proxyName,
      ca,
      token,
      headers: { host: publicHost, origin: `https://${publicHost}` },
    });
  const openPermission = (sessionId: string) =>
    eventually("the permission", async () => {
      const { body } = await scene.server.ask("GET", "/api/permissions");
      return body.permissions.find((one: { sessionId: string }) => one.sessionId === sessionId);
    });

  describe.each(["nginx", "Caddy"])("REPORT-19: %s as the recipe sets it up", (name) => {
    test("REPORT-19: a message and its reply, from the name and its pages, and from no other site", async () => {
      const body = json({ message: "say: Through.", projectPath: scene.bench.project });
      const asked = await through(name, "POST", "/api/chat", { body, headers: { prefer: "wait=30" } });
      expect([asked.status, JSON.parse(asked.text).reply?.text]).toEqual([200, "Through."]);
      const page = await through(name, "GET", "/api/sessions", {
        headers: { origin: `https://${publicHost}` },
      });
      expect(page.status).toBe(200);
      const foreign = await through(name, "GET", "/api/sessions", {
        headers: { origin: "https://evil.example" },
      });
      expect([foreign.status, JSON.parse(foreign.text).code]).toEqual([403, "origin_forbidden"]);
      const bare = await through(name, "GET", "/api/sessions", { headers: { host: proxyName } });
      expect(bare.status).toBe(200);
    });

    test("REPORT-19: a socket: hello, a message, its words as they come, and the reply", async () => {
      const socket = await socketThrough(name);
      await socket.waitFor(({ type }) => type === "welcome");
      socket.send({
        type: "send",
        clientMessageId: `m-${name}`,
        message: "slow: 3",
        projectPath: scene.bench.project,
      });
      const { turnId } = await socket.waitFor(({ type }) => type === "accepted");
      await socket.waitFor((frame) => frame.type === "delta" && frame.turnId === turnId);
      await socket.waitFor(({ event }) => event?.type === "turn.completed" && event.turnId === turnId);
      expect(socket.frames.filter(({ type }) => type === "delta").length).toBeGreaterThan(3);
      await socket.close();
    });

    test("REPORT-19: server-sent events come one by one, not in one piece at the end", async () => {
      const chunks: string[] = [];
      const body = json({ model: "default", stream: true, messages: [{ role: "user", content: "slow: 2" }] });
      const asked = await through(name, "POST", "/v1/chat/completions", {
        body,
        onChunk: (text) => chunks.push(text),
      });
      expect([asked.status, asked.headers["content-type"]]).toEqual([
        200,
        expect.stringContaining("text/event-stream"),
      ]);
      expect(chunks.length).toBeGreaterThan(5);
      expect(asked.text).toMatch(/data: \[DONE\]\n\n$/);
    });

    test("REPORT-19: the lines of a session come as they are said", async () => {
      const body = json({ message: "say: One.", projectPath: scene.bench.project });
      const first = await through(name, "POST", "/api/chat", { body, headers: { prefer: "wait=30" } });
      const { sessionId } = JSON.parse(first.text);
      let heard = "";
      const output = through(name, "GET", `/api/sessions/${sessionId}/output?follow=true`, {
        onChunk: (text) => {
          heard += text;
        },
      });
      await eventually("the first line", () => heard.includes("One."));
      await through(name, "POST", "/api/chat", { body: json({ message: "say: Two.", sessionId }) });
      await eventually("the second line", () => heard.includes("Two."));
      await scene.server.ask("DELETE", `/api/sessions/${sessionId}`);
      expect((await output).status).toBe(200);
    });

    test("REPORT-19: a long poll is answered by what happens", async () => {
      const { body } = await scene.server.ask("GET", "/api/events?after=0&limit=1000", undefined, { token });
      const polled = through(name, "GET", `/api/events?after=${await tip(body.cursor)}&wait=40`);
      const { pair } = scene.server;
      await pair(`another through ${name}`);
      const { status, text } = await polled;
      expect([status, JSON.parse(text).events.length]).toEqual([200, expect.any(Number)]);
      expect(JSON.parse(text).events.map(({ type }: { type: string }) => type)).toContain("device.paired");
    });

    test("REPORT-19: an upload of 20 MB arrives whole, and its message has it", async () => {
      const bytes = randomBytes(20 * 1024 * 1024);
      const headers = { "content-type": "application/octet-stream", "x-filename": "big.bin" };
      const kept = await through(name, "POST", "/api/attachments", { body: bytes, headers });
      expect([kept.status, JSON.parse(kept.text).sizeBytes]).toEqual([201, bytes.length]);
    });
  });

  /** The last cursor of the log, from some cursor on. */
  async function tip(from: number): Promise<number> {
    let cursor = from;
    for (;;) {
      const { body } = await scene.server.ask("GET", `/api/events?after=${cursor}&limit=1000`, undefined, {
        token,
      });
      if (body.events.length === 0) return cursor;
      cursor = body.cursor;
    }
  }

  test("REPORT-20: through the limits of nginx as it is, a wait is answered in time, and a socket and a stream that are silent stay open", async () => {
    const name = "nginx as it is";
    const socket = await socketThrough(name);
    await socket.waitFor(({ type }) => type === "welcome");
    // Two turns that nothing is heard of until their permissions are answered.
    const begin = async (): Promise<string> => {
      const body = json({ message: "run: touch made.txt", projectPath: scene.bench.project });
      return JSON.parse((await through(name, "POST", "/api/chat", { body })).text).sessionId;
    };
    const sessionId = await begin();
    const streamed = through(name, "POST", "/v1/responses", {
      body: json({ model: "default", input: "run: touch made.txt", conversation: "silent", stream: true }),
    });
    const held = await openPermission(sessionId);
    const waiting = (through_: string) =>
      through(through_, "POST", "/api/chat", {
        body: json({ message: "say: Later.", sessionId }),
        headers: { prefer: "wait=120" },
      });
    const [bare, recipe, caddy] = await Promise.all([waiting(name), waiting("nginx"), waiting("Caddy")]);
    for (const { status, headers, text } of [bare!, recipe!, caddy!])
      expect([status, headers["preference-applied"], JSON.parse(text).state]).toEqual([
        202,
        "wait=50",
        "queued",
      ]);
    // The answer took 50 s. The limit of nginx is 60: a turn that lasts on is waited out by a long poll, which it cuts no sooner.
    const after = await tip(0);
    expect((await through(name, "GET", `/api/events?after=${after}&wait=60`)).status).toBe(200);
    await scene.server.ask("POST", `/api/permissions/${held.permissionId}`, { decision: "allow" });
    await socket.waitFor(({ event }) => event?.type === "turn.completed" && event.sessionId === sessionId);
    expect(socket.closed).toBeUndefined();
    const { sessionId: silent } = (await scene.server.ask("GET", "/v1/sessions/silent")).body;
    const { permissionId } = await openPermission(silent);
    await scene.server.ask("POST", `/api/permissions/${permissionId}`, { decision: "allow" });
    const { status, text } = await streamed;
    expect(status).toBe(200);
    expect(text).toContain("event: response.completed");
    await socket.close();
  });
});
