import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { type DaylongServer, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";
import { connect } from "../../support/server/socketClient.ts";

const socketUrl = (server: DaylongServer) => `${server.url.replace("http", "ws")}/ws`;

describe("nobody comes in who was not paired", () => {
  const scene = useScene({ every: "file" });

  test("A02: without a token every door but the open ones is 401, and the health tells no details", async () => {
    for (const [method, path] of [
      ["GET", "/api/sessions"],
      ["POST", "/api/chat"],
      ["GET", "/api/events"],
      ["GET", "/api/devices"],
      ["POST", "/api/pairing-codes"],
      ["GET", "/api/audit"],
    ] as const) {
      const answer = await scene.server.ask(method, path, method === "POST" ? {} : undefined, { token: "" });
      expect([path, answer.status, answer.body.code]).toEqual([path, 401, "unauthenticated"]);
    }
    const health = await scene.server.ask("GET", "/health", undefined, { token: "" });
    expect(health.status).toBe(200);
    expect(health.body.checks).toBeUndefined();
  });

  test("A02: a revoked token is 401, and its socket closes 4401 at once", async () => {
    const phone = await scene.server.pair("lost phone");
    const socket = await connect({ url: socketUrl(scene.server), token: phone.token });
    expect((await scene.server.ask("GET", "/api/sessions", undefined, { token: phone.token })).status).toBe(
      200,
    );
    expect((await scene.server.ask("DELETE", `/api/devices/${phone.deviceId}`)).status).toBe(200);
    expect((await socket.waitForClose()).code).toBe(4401);
    expect((await scene.server.ask("GET", "/api/sessions", undefined, { token: phone.token })).status).toBe(
      401,
    );
    const back = await connect({ url: socketUrl(scene.server), token: phone.token, silent: true });
    back.send({ type: "hello", token: phone.token });
    expect((await back.waitForClose()).code).toBe(4401);
  });

  test("A01: a pairing code works once; five wrong ones from an address are enough", async () => {
    const { body: pairing } = await scene.server.ask("POST", "/api/pairing-codes", {});
    expect(pairing.code).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
    expect(pairing.url).toContain(`code=${pairing.code}`);
    const device = { name: "phone", platform: "ios" };
    const first = await scene.server.ask("POST", "/api/pair", { code: pairing.code, device }, { token: "" });
    expect(first.status).toBe(201);
    expect(first.body.token).not.toBe(pairing.code);
    const statuses: number[] = [];
    for (let index = 0; index < 6; index += 1) {
      statuses.push(
        (await scene.server.ask("POST", "/api/pair", { code: pairing.code, device }, { token: "" })).status,
      );
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429]);
  });

  test("A05: paths outside the roots, and links out of them, are 403 and start nothing", async () => {
    const outside = join(scene.bench.dir, "outside");
    mkdirSync(outside);
    symlinkSync(outside, join(scene.bench.roots, "link"));
    mkdirSync(join(scene.bench.roots, ".secret"));
    for (const projectPath of [
      outside,
      "/etc",
      join(scene.bench.roots, "link"),
      `${scene.bench.project}/../../outside`,
      join(scene.bench.roots, ".secret"),
    ]) {
      const answer = await scene.server.ask("POST", "/api/chat", { message: "hi", projectPath });
      expect([projectPath, answer.status, answer.body.code]).toEqual([projectPath, 403, "project_forbidden"]);
    }
    const missing = await scene.server.ask("POST", "/api/chat", {
      message: "hi",
      projectPath: join(scene.bench.roots, "nothing"),
    });
    expect([missing.status, missing.body.code]).toEqual([404, "project_not_found"]);
    expect((await scene.server.ask("GET", "/api/sessions")).body.sessions).toEqual([]);
  });

  test("A04: a foreign Host or Origin is refused, for pages and for sockets", async () => {
    const { port } = new URL(scene.server.url);
    const statusWith = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        httpRequest({ host: "127.0.0.1", port, path: "/health", headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await statusWith({ host: `127.0.0.1:${port}` })).toBe(200);
    expect(await statusWith({ host: `evil.example:${port}` })).toBe(403);
    expect(await statusWith({ host: `127.0.0.1:${port}`, origin: "http://evil.example" })).toBe(403);
    await expect(
      connect({
        url: socketUrl(scene.server),
        token: scene.server.adminToken,
        headers: { origin: "http://evil.example" },
      }),
    ).rejects.toThrow("403");
  });

  test("A08: the data folder is the owner's alone", () => {
    expect(statSync(scene.bench.dataDir).mode & 0o777).toBe(0o700);
    for (const name of ["admin-token", "server.json", "server.lock", "daylong.db"]) {
      expect([name, statSync(join(scene.bench.dataDir, name)).mode & 0o077]).toEqual([name, 0]);
    }
  });

  test("A03: it listens on loopback only", async () => {
    const { port } = new URL(scene.server.url);
    const beyond = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find((entry) => entry.family === "IPv4" && !entry.internal);
    const table = readFileSync("/proc/net/tcp", "utf8");
    const listening = table
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (fields) =>
          fields[3] === "0A" &&
          fields[1]?.endsWith(`:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`),
      );
    // 0100007F is 127.0.0.1 in the kernel's table.
    expect(listening.map((fields) => fields[1]?.split(":")[0])).toEqual(["0100007F"]);
    expect(beyond === undefined || beyond.address !== "127.0.0.1").toBe(true);
  });

  test("bad input gets a clear problem, and the server lives", async () => {
    const cases: Array<[string, string, unknown, number, string]> = [
      ["POST", "/api/chat", "{not json", 400, "malformed_json"],
      ["POST", "/api/chat", { message: 7, projectPath: scene.bench.project }, 400, "invalid_request"],
      ["POST", "/api/chat", { message: "hi" }, 400, "invalid_request"],
      [
        "POST",
        "/api/chat",
        { message: "x".repeat(256 * 1024 + 1), projectPath: scene.bench.project },
        413,
        "message_too_large",
      ],
      [
        "POST",
        "/api/chat",
        { message: "hi", sessionId: "00000000-0000-4000-8000-000000000000" },
        404,
        "session_not_found",
      ],
      ["POST", "/api/chat", { message: "hi", sessionId: "../../etc/passwd" }, 400, "invalid_request"],
      ["GET", "/api/messages/nothing", undefined, 404, "message_not_found"],
      ["PUT", "/api/chat", {}, 405, "method_not_allowed"],
      ["GET", "/nowhere", undefined, 404, "not_found"],
      ["POST", "/api/sessions/keep-alive", { sessionId: 5 }, 400, "invalid_request"],
      ["POST", "/api/ask", { projectPath: scene.bench.project }, 400, "invalid_request"],
    ];
    for (const [method, path, body, status, code] of cases) {
      const answer = await scene.server.ask(method, path, body);
      expect([method, path, answer.status, answer.body.code]).toEqual([method, path, status, code]);
      expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
      expect(answer.headers.get("x-request-id")).toBe(answer.body.requestId);
      expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|at .*\.js:\d+/);
    }
    expect((await scene.server.ask("GET", "/health")).body.status).toBe("ok");
  });

  test("a second server on the same data folder is refused, and harms nothing", async () => {
    await expect(startServer(scene.environment)).rejects.toThrow(/Another Daylong server/);
    expect((await scene.server.ask("GET", "/health")).status).toBe(200);
  });

  test("O01: a flag that is none is named in a sentence, without a stack trace, and ends with 64", async () => {
    const command = promisify(execFile);
    for (const [program, script, ...args] of [
      ["main", "daylong start", "--nope"],
      ["commands/daylong", "daylong pair", "pair", "nope"],
      ["commands/daylong", "daylong test-session", "test-session", "--data-dir"],
    ] as const) {
      const path = resolve(`dist/server/${program}.js`);
      const flag = args.at(-1)!;
      const { code, stderr } = await command(process.execPath, [path, ...args], {
        env: scene.environment,
      }).then(
        () => ({ code: 0, stderr: "" }),
        (error: { code: number; stderr: string }) => error,
      );
      expect([code, stderr.trim().split("\n")]).toEqual([64, [expect.stringContaining(flag)]]);
      expect(stderr).toContain(`${script} --help`);
    }
  });

  test("O08: the line with its address comes also where only errors are logged", async () => {
    const settings = { DATA_DIR: join(scene.bench.dir, "quiet"), LOG_LEVEL: "error" };
    const quiet = await startServer({ ...scene.environment, ...settings });
    const answer = await quiet.ask("GET", "/health");
    expect(await quiet.kill("SIGTERM")).toBe(0);
    expect(answer.status).toBe(200);
    const events = quiet.lines.filter(Boolean).map((line) => JSON.parse(line));
    expect(events).toEqual([
      expect.objectContaining({ event: "server.ready", level: "info", url: quiet.url }),
    ]);
  });

  test("a taken port is named and ends with 1; a bad configuration lists every fault and ends with 78", async () => {
    const { port } = new URL(scene.server.url);
    const elsewhere = { ...scene.environment, DATA_DIR: join(scene.bench.dir, "data2") };
    await expect(startServer({ ...elsewhere, PORT: port })).rejects.toThrow(
      new RegExp(`with 1\\.[^]*Port ${port} is taken`),
    );
    const bad = startServer({
      ...elsewhere,
      MAX_CONCURRENT_SESSIONS: "many",
      APNS_KEY_ID: "X",
      HOST: "0.0.0.0",
    });
    await expect(bad).rejects.toThrow(/with 78\.[\s\S]*MAX_CONCURRENT_SESSIONS/);
    const all = startServer({ ...elsewhere, APNS_KEY_ID: "X", HOST: "0.0.0.0" });
    await expect(all).rejects.toThrow(/APNS_KEY_PATH[\s\S]*HOST/);
  });

  test("A03: beyond loopback it speaks TLS with a certificate of its own, by which the pairing link and the commands know it", async () => {
    const secure = await startServer({
      ...scene.environment,
      DATA_DIR: join(scene.bench.dir, "data3"),
      HOST: "127.0.0.1",
      TLS: "self-signed",
    }).catch((error: unknown) => error as Error);
    if (secure instanceof Error) throw secure;
    const { port } = new URL(secure.url);
    expect(secure.url).toMatch(/^https:/);
    const answer = await new Promise<{ status?: number; fingerprint: string; body: string }>(
      (resolve, reject) => {
        const ca = readFileSync(join(scene.bench.dir, "data3", "tls-cert.pem"));
        httpsRequest(
          {
            host: "127.0.0.1",
            port,
            path: "/api/pairing-codes",
            method: "POST",
            ca,
            headers: { authorization: `Bearer ${secure.adminToken}`, "content-type": "application/json" },
          },
          (response) => {
            const { fingerprint256 } = (
              response.socket as unknown as { getPeerCertificate(): { fingerprint256: string } }
            ).getPeerCertificate();
            let body = "";
            response.on("data", (text) => {
              body += text;
            });
            response.on("end", () =>
              resolve({
                status: response.statusCode,
                fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
                body,
              }),
            );
          },
        )
          .on("error", reject)
          .end("{}");
      },
    );
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.body).url.toLowerCase()).toContain(`fp=${answer.fingerprint}`);

    // The commands of this computer know it by that certificate, and say nothing to another one.
    const command = promisify(execFile);
    const dataDir = join(scene.bench.dir, "data3");
    const pair = () =>
      command(process.execPath, [resolve("dist/server/commands/daylong.js"), "pair", "--data-dir", dataDir]);
    const { stdout } = await pair();
    expect(stdout).toContain(`fp=${answer.fingerprint}`);
    expect(stdout).toContain(`curl -s --cacert '${join(dataDir, "tls-cert.pem")}' ${secure.url}/api/pair`);
    const file = join(dataDir, "server.json");
    const other = readFileSync(file, "utf8").replace(answer.fingerprint, "0".repeat(64));
    writeFileSync(file, other);
    await expect(pair()).rejects.toMatchObject({ stderr: expect.stringContaining("another certificate") });
    expect(await secure.kill("SIGTERM")).toBe(0);
  });
});
