import { connect } from "node:net";
import { describe, expect, jest, test } from "@jest/globals";
import { routeTable } from "../../../server/http/app.ts";
import { expectProblem, type RawAnswer, useRig } from "./rig.ts";

const rig = useRig();

const codeOf = (answer: RawAnswer) => [answer.status, JSON.parse(answer.text).code];
const bearer = () => ({ authorization: `Bearer ${rig.adminToken}` });
/** The answer to a request written by hand, when the server has closed the connection. */
async function rawLines(request: string): Promise<string> {
  const socket = connect(rig.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8");
  await new Promise((resolve, reject) => {
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("close", resolve);
    socket.on("error", reject);
    socket.write(request);
  });
  return text;
}
const jsonBody = () => ({ ...bearer(), "content-type": "application/json" });

describe("A04: names of the server", () => {
  test("A04: a foreign Host header is refused everywhere, the open pages included", async () => {
    for (const path of ["/", "/health", "/api/sessions", "/nowhere"]) {
      const answer = await rig.raw({ path, headers: { host: "evil.example", ...bearer() } });
      expect(codeOf(answer)).toEqual([403, "host_forbidden"]);
    }
    // Whoever set up the tunnel reads how to mend it.
    const { text } = await rig.raw({ path: "/health", headers: { host: "tunnel.example" } });
    expect(JSON.parse(text).detail).toContain("PUBLIC_URL");
    const rebound = await rig.raw({ path: "/health", headers: { host: `evil.example:${rig.port}` } });
    expect(codeOf(rebound)).toEqual([403, "host_forbidden"]);
  });

  test("A04: a foreign Origin is refused, preflights included, and the server's own is not", async () => {
    for (const origin of ["http://evil.example", "null", "http://localhost:1"]) {
      expect(codeOf(await rig.raw({ path: "/health", headers: { origin } }))).toEqual([
        403,
        "origin_forbidden",
      ]);
    }
    const preflight = await rig.raw({
      method: "OPTIONS",
      path: "/api/chat",
      headers: { origin: "http://evil.example", "access-control-request-method": "POST" },
    });
    expect(codeOf(preflight)).toEqual([403, "origin_forbidden"]);
    expect(preflight.headers).not.toHaveProperty("access-control-allow-origin");
    const own = await rig.raw({ path: "/health", headers: { origin: `http://localhost:${rig.port}` } });
    expect(own.status).toBe(200);
  });

  test("A04: a request without a Host header, as HTTP/1.0 allows, is refused", async () => {
    const text = await rawLines("GET /health HTTP/1.0\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    expect(text).toContain("host_forbidden");
  });
});

describe("A02: tokens", () => {
  test("A02: every route but the open ones asks for a token", async () => {
    const renderer = ["page.js", "swagger-ui.css", "swagger-ui-bundle.js"].map((name) => `docs/${name}`);
    const documents = ["docs", "openapi.json", "asyncapi.json", ...renderer];
    const open = new Set([...documents.map((name) => `GET /api/${name}`), "GET /health", "POST /api/pair"]);
    for (const { method, path } of routeTable(rig.parts)) {
      if (open.has(`${method} ${path}`)) continue;
      const asked = await rig.raw({ method, path: path.replace(/:\w+/g, "x") });
      expect([method, path, asked.status]).toEqual([method, path, 401]);
      expect(asked.headers["www-authenticate"]).toBe('Bearer realm="daylong"');
      // Past the minute in which an address may fail so often.
      rig.clock.advance(60_000);
    }
  });

  test("A02: a wrong token, another scheme and a revoked token are unauthenticated", async () => {
    const phone = rig.device("admin");
    const headers = (authorization: string) => ({ token: null, headers: { authorization } });
    expectProblem(await rig.ask("GET", "/api/sessions", { token: "A".repeat(43) }), 401, "unauthenticated");
    expectProblem(await rig.ask("GET", "/api/sessions", headers(rig.adminToken)), 401, "unauthenticated");
    const basic = headers(`Basic ${Buffer.from(`x:${rig.adminToken}`).toString("base64")}`);
    expectProblem(await rig.ask("GET", "/api/sessions", basic), 401, "unauthenticated");
    expect((await rig.ask("GET", "/api/sessions", { token: phone.token })).status).toBe(200);
    expect((await rig.ask("DELETE", `/api/devices/${phone.deviceId}`)).status).toBe(200);
    expectProblem(await rig.ask("GET", "/api/sessions", { token: phone.token }), 401, "unauthenticated");
  });

  test("A08: a token in the address is never accepted and never logged", async () => {
    for (const name of ["token", "access_token"]) {
      const asked = await rig.ask("GET", `/api/sessions?${name}=${rig.adminToken}`, { token: null });
      expectProblem(asked, 401, "unauthenticated");
      expect(
        (await rig.ask("GET", `/health?${name}=${rig.adminToken}`, { token: null })).body,
      ).not.toHaveProperty("checks");
    }
    expect(JSON.stringify(rig.log.lines)).not.toContain(rig.adminToken);
  });

  test("A02: a scope that is too narrow is refused, each way", async () => {
    const reader = rig.device("read");
    const chatter = rig.device("chat");
    expect((await rig.ask("GET", "/api/sessions", { token: reader.token })).status).toBe(200);
    const message = { message: "Hi", projectPath: rig.project };
    const chat = await rig.ask("POST", "/api/chat", { token: reader.token, body: message });
    expectProblem(chat, 403, "scope_forbidden");
    for (const [method, path] of [
      ["POST", "/api/pairing-codes"],
      ["GET", "/api/devices"],
      ["GET", "/api/audit"],
      ["GET", "/api/settings"],
    ] as const) {
      const asked = await rig.ask(method, path, { token: chatter.token });
      expectProblem(asked, 403, "scope_forbidden");
    }
    expect(rig.pool.calls).toEqual([]);
  });
});

describe("A04: paths and methods", () => {
  test("A04: an unknown path is a 404 problem, with and without a token", async () => {
    expectProblem(await rig.ask("GET", "/nowhere"), 404, "not_found");
    expectProblem(await rig.ask("POST", "/api/nowhere", { token: null, body: {} }), 404, "not_found");
    expectProblem(await rig.ask("GET", "/api/sessions/x/y/z"), 404, "not_found");
  });

  test("A04: a wrong method is a 405 problem that names the right ones", async () => {
    const asked = await rig.ask("PUT", "/api/sessions");
    expectProblem(asked, 405, "method_not_allowed");
    expect(asked.headers.get("allow")).toBe("POST, GET, HEAD");
    const trace = await rig.raw({ method: "TRACE", path: "/api/chat", headers: bearer() });
    expect(codeOf(trace)).toEqual([405, "method_not_allowed"]);
    expect(trace.headers.allow).toBe("POST");
    expectProblem(await rig.ask("DELETE", "/health", { token: null }), 405, "method_not_allowed");
  });

  test("A04: HEAD works where GET does, and OPTIONS names the methods", async () => {
    for (const path of ["/health", "/api/sessions"]) {
      const head = await rig.raw({ method: "HEAD", path, headers: bearer() });
      expect([path, head.status, head.text]).toEqual([path, 200, ""]);
    }
    const options = await rig.raw({ method: "OPTIONS", path: "/api/chat" });
    expect([options.status, options.headers.allow]).toEqual([204, "POST"]);
  });

  test("A04: a named path is not taken for an id", async () => {
    expect((await rig.ask("GET", "/api/sessions/active")).body).toHaveProperty("stats");
    expectProblem(await rig.ask("GET", "/api/sessions/cancel"), 405, "method_not_allowed");
  });

  test("A04: a path that is not validly encoded is an invalid request", async () => {
    const answer = await rig.raw({ path: "/api/sessions/%E0%A4%A", headers: bearer() });
    expect(codeOf(answer)).toEqual([400, "invalid_request"]);
  });
});

describe("A04: bodies", () => {
  const post = (path: string, body: string | Buffer, headers: Record<string, string> = jsonBody()) =>
    rig.raw({
      method: "POST",
      path,
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      body,
    });

  test("A04: malformed JSON is told apart from JSON of the wrong shape", async () => {
    for (const body of ["{", "{'a':1}", '{"message":"Hi",}', "\u0000"]) {
      expect(codeOf(await post("/api/chat", body))).toEqual([400, "malformed_json"]);
    }
    for (const body of ["[]", "null", '"text"', "{}"]) {
      expect(codeOf(await post("/api/chat", body))).toEqual([400, "invalid_request"]);
    }
  });

  test("A04: the faults of a request are listed field by field", async () => {
    const asked = await rig.ask("POST", "/api/chat", { body: { message: 3, model: "", sendAt: "soon" } });
    expectProblem(asked, 400, "invalid_request");
    expect(asked.body.errors?.map((fault) => fault.path)).toEqual(["message", "model", "sendAt"]);
  });

  test("A04: a body that is not JSON, not UTF-8 or compressed is an unsupported media type", async () => {
    const message = JSON.stringify({ message: "Hi", projectPath: rig.project });
    for (const headers of [
      { ...bearer() },
      { ...bearer(), "content-type": "text/plain" },
      { ...bearer(), "content-type": "application/x-www-form-urlencoded" },
      { ...bearer(), "content-type": "application/json; charset=latin1" },
      { ...jsonBody(), "content-encoding": "gzip" },
    ]) {
      const answer = await post("/api/chat", message, headers);
      expect(codeOf(answer)).toEqual([415, "unsupported_media_type"]);
    }
    expect(rig.pool.calls).toEqual([]);
    const headers = { ...bearer(), "content-type": "application/json; charset=UTF-8" };
    expect((await post("/api/chat", message, headers)).status).toBe(202);
  });

  test("DOOR-24: an encoding such as utf-7 is an unsupported media type, and no spelling of UTF-8 is", async () => {
    const message = JSON.stringify({ message: "+ADw-b+AD4-", projectPath: rig.project });
    const send = (charset: string) =>
      post("/api/chat", message, { ...bearer(), "content-type": `application/json;${charset}` });
    for (const charset of ["charset=utf-7", 'charset="UTF-7"', " x=y; Charset = utf-16", "charset=utf-32"])
      expect(codeOf(await send(charset))).toEqual([415, "unsupported_media_type"]);
    for (const charset of ["charset=utf8", 'charset="utf-8"', " CHARSET=Utf-8; x=y"])
      expect((await send(charset)).status).toBe(202);
    const said = rig.pool.calls.map(({ request }) => (request as { message: string }).message);
    expect(said).toEqual(Array(3).fill("+ADw-b+AD4-"));
  });

  test("DOOR-24: 300,000 fields are refused before they are parsed, and the longest honest body is not", async () => {
    const fields = Array.from({ length: 300_000 }, (_, index) => `"k${index}":0`).join(",");
    const parse = jest.spyOn(JSON, "parse");
    try {
      expect(codeOf(await post("/api/chat", `{${fields}}`))).toEqual([400, "invalid_request"]);
      const largest = parse.mock.calls.reduce((most, [text]) => Math.max(most, String(text).length), 0);
      expect(largest).toBeLessThan(100_000);
    } finally {
      parse.mockRestore();
    }
    const commas = { message: `${',"'.repeat(100_000)}\\`, projectPath: rig.project };
    expect((await post("/api/chat", JSON.stringify(commas))).status).toBe(202);
  });

  test("DOOR-24: a body that is nested a million times is refused before it is parsed", async () => {
    const parse = jest.spyOn(JSON, "parse");
    try {
      for (const [open, close] of [
        ["[", "]"],
        ['{"a":', "}"],
        ['[{"a":[0,', "]}]"],
      ] as const) {
        const nested = `${open.repeat(100_000)}1${close.repeat(100_000)}`;
        expect(codeOf(await post("/api/chat", `{"message":${nested}}`))).toEqual([400, "invalid_request"]);
      }
      const largest = parse.mock.calls.reduce((most, [text]) => Math.max(most, String(text).length), 0);
      expect(largest).toBeLessThan(100_000);
    } finally {
      parse.mockRestore();
    }
    // Brackets that are words nest nothing, and an honest depth passes.
    const brackets = {
      message: "[".repeat(10_000),
      projectPath: rig.project,
      unknown: JSON.parse(`${"[".repeat(150)}${"]".repeat(150)}`),
    };
    expect((await post("/api/chat", JSON.stringify(brackets))).status).toBe(202);
  });

  test("DOOR-24: the faults of a body that is wrong everywhere are a short list", async () => {
    const wrong = { message: "Hi", projectPath: rig.project, attachments: Array(40_000).fill(0) };
    const answer = await post("/api/chat", JSON.stringify(wrong));
    expect(codeOf(answer)).toEqual([400, "invalid_request"]);
    expect(answer.text.length).toBeLessThan(64 * 1024);
  });

  test("DOOR-24: two Host headers are refused, whichever is the server's own", async () => {
    const own = `127.0.0.1:${rig.port}`;
    for (const hosts of [
      [own, "evil.test"],
      ["evil.test", own],
      [own, own],
    ]) {
      const head = hosts.map((host) => `Host: ${host}\r\n`).join("");
      const answer = await rawLines(`GET /health HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await rawLines(`GET /health HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    );
  });

  test("DOOR-24: a target that names another host than the header does is refused", async () => {
    const own = `127.0.0.1:${rig.port}`;
    const asked = (target: string) =>
      rawLines(`GET ${target} HTTP/1.1\r\nHost: ${own}\r\nConnection: close\r\n\r\n`);
    for (const target of ["http://evil.test/health", "HTTPS://evil.test", `http://x@${own}/health`])
      expect(await asked(target)).toMatch(/^HTTP\/1\.1 400 /);
    for (const target of ["//evil.test/health", "/health?to=http://evil.test/"])
      expect(await asked(target)).not.toMatch(/^HTTP\/1\.1 400 /);
  });

  test("A04: a body over the limit of its address is refused, announced or not", async () => {
    const oneMegabyte = Buffer.alloc(1024 * 1024 + 1, " ");
    expect(codeOf(await post("/api/sessions", oneMegabyte))).toEqual([413, "body_too_large"]);
    const nineMegabytes = Buffer.alloc(9 * 1024 * 1024, " ");
    expect(codeOf(await post("/api/chat", nineMegabytes))).toEqual([413, "body_too_large"]);
    const chunked = await rig.raw({
      method: "POST",
      path: "/api/sessions",
      headers: { ...jsonBody(), "transfer-encoding": "chunked" },
      body: oneMegabyte,
    });
    expect(codeOf(chunked)).toEqual([413, "body_too_large"]);
    const pair = await post("/api/pair", Buffer.alloc(17 * 1024, " "), {
      "content-type": "application/json",
    });
    expect(codeOf(pair)).toEqual([413, "body_too_large"]);
  });

  test("A04: a connection goes on after a refused body", async () => {
    const big = { message: "x".repeat(2 * 1024 * 1024), projectPath: rig.project };
    for (let round = 0; round < 3; round += 1) {
      expectProblem(await rig.ask("POST", "/api/chat", { body: big }), 413, "message_too_large");
      expectProblem(await rig.ask("POST", "/api/sessions", { body: big }), 413, "body_too_large");
      expectProblem(await rig.ask("POST", "/api/chat", { body: big, token: null }), 401, "unauthenticated");
    }
  });

  test("A04: a connection whose body was cut off half-way still takes the next request", async () => {
    const socket = connect(rig.port, "127.0.0.1");
    socket.setEncoding("utf8");
    let text = "";
    const answeredTwice = new Promise<void>((resolve, reject) => {
      socket.on("data", (chunk) => {
        text += String(chunk);
        if (text.includes("uptimeMs")) resolve();
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error(`closed after: ${text.slice(0, 200)}`)));
    });
    const head = `Host: 127.0.0.1:${rig.port}\r\nAuthorization: Bearer ${rig.adminToken}\r\n`;
    socket.write(
      `POST /api/sessions HTTP/1.1\r\n${head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = " ".repeat(1024 * 1024);
    for (let sent = 0; sent < 3; sent += 1) socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    socket.write(`0\r\n\r\nGET /health HTTP/1.1\r\n${head}\r\n`);
    await answeredTwice;
    socket.destroy();
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/HTTP\/1\.1 200 /);
  });

  test("A04: who is not known is answered before the body is read", async () => {
    const socket = connect(rig.port, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8");
    // Eight megabytes are announced and none is sent: an answer can only come from the headers.
    const answered = new Promise<void>((resolve, reject) => {
      socket.on("data", (chunk) => {
        text += String(chunk);
        if (text.includes("unauthenticated")) resolve();
      });
      socket.on("error", reject);
    });
    socket.write(
      `POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1:${rig.port}\r\nContent-Type: application/json\r\nContent-Length: 8000000\r\n\r\n`,
    );
    await answered;
    socket.destroy();
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
  });

  test("A04: a body where none is asked for is ignored", async () => {
    const answer = await rig.raw({
      method: "GET",
      path: "/health",
      headers: { "content-length": "3" },
      body: "{{{",
    });
    expect(answer.status).toBe(200);
  });
});

describe("A08: what answers say", () => {
  test("A08: every answer carries a request id: the caller's if it is sane, else a new one", async () => {
    const idFor = async (id: string) =>
      (await rig.raw({ path: "/health", headers: { "x-request-id": id } })).headers["x-request-id"];
    expect(await idFor("phone-1.2_3")).toBe("phone-1.2_3");
    for (const id of ["", "two words", "a".repeat(101), "<script>"]) {
      expect(await idFor(id)).toMatch(/^[0-9a-f-]{36}$/);
    }
    const refused = await rig.ask("GET", "/nowhere", { headers: { "x-request-id": "mine" } });
    expect(refused.body.requestId).toBe("mine");
  });

  test("A08: headers keep the answers to the page itself and name no software", async () => {
    const { headers } = await rig.raw({ path: "/health" });
    expect(headers).not.toHaveProperty("x-powered-by");
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers).not.toHaveProperty("strict-transport-security");
  });

  test("A08: an unforeseen failure is told without its text and logged with the request id", async () => {
    rig.parts.health = () => {
      throw new Error("secret detail at /root/.ssh");
    };
    const asked = await rig.ask("GET", "/health", { headers: { "x-request-id": "r-500" } });
    expectProblem(asked, 500, "internal_error");
    expect(asked.text).not.toMatch(/secret|\.ssh|at .*\.ts/);
    expect(rig.log.lines).toContainEqual(
      expect.objectContaining({
        level: "error",
        event: "http.failed",
        fields: expect.objectContaining({ requestId: "r-500" }),
      }),
    );
  });

  test("A08: requests are logged by their route, without the address and what it carries", async () => {
    await rig.ask("GET", "/api/messages/my-message?x=secret");
    await rig.clock.settle();
    const line = rig.log.lines.find((kept) => kept.event === "http.request");
    expect(line?.fields).toMatchObject({ path: "/api/messages/:messageId", status: 404, deviceId: "local" });
    expect(JSON.stringify(rig.log.lines)).not.toMatch(/secret|my-message/);
  });
});

describe("A04: rates", () => {
  test("A04: a device gets 300 requests a minute, then 429 until the minute is over", async () => {
    const phone = rig.device();
    for (let sent = 0; sent < 300; sent += 50) {
      const batch = Array.from({ length: 50 }, () =>
        rig.ask("GET", "/api/permissions", { token: phone.token }),
      );
      for (const asked of await Promise.all(batch)) expect(asked.status).toBe(200);
    }
    rig.clock.advance(20_000);
    const refused = await rig.ask("GET", "/api/permissions", { token: phone.token });
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("40");
    expect(refused.body.retryAfterMs).toBe(40_000);
    // Another device is not held up by it.
    expect((await rig.ask("GET", "/api/permissions")).status).toBe(200);
    rig.clock.advance(40_000);
    expect((await rig.ask("GET", "/api/permissions", { token: phone.token })).status).toBe(200);
  });

  test("A04: an address that keeps asking without a token is slowed, and valid tokens from it are not", async () => {
    for (let sent = 0; sent < 60; sent += 1) {
      expect((await rig.ask("GET", "/api/sessions", { token: null })).status).toBe(401);
    }
    const refused = await rig.ask("GET", "/api/sessions", { token: "B".repeat(43) });
    expectProblem(refused, 429, "rate_limited");
    expect(refused.headers.get("retry-after")).toBe("60");
    expect((await rig.ask("GET", "/api/sessions")).status).toBe(200);
    rig.clock.advance(60_000);
    expectProblem(await rig.ask("GET", "/api/sessions", { token: null }), 401, "unauthenticated");
  });
});

describe("C03: errors under /v1", () => {
  test("C03: under /v1 and /stats errors have OpenAI's shape", async () => {
    for (const [method, path, token, status, code] of [
      ["GET", "/v1/models", null, 401, "unauthenticated"],
      ["GET", "/stats", null, 401, "unauthenticated"],
      ["GET", "/V1/models", null, 401, "unauthenticated"],
      ["PUT", "/v1/models", undefined, 405, "method_not_allowed"],
      ["POST", "/stats?x=1", undefined, 405, "method_not_allowed"],
      ["GET", "/stats/nowhere", undefined, 404, "not_found"],
    ] as const) {
      const asked = await rig.ask(method, path, { token });
      expect([path, asked.status]).toEqual([path, status]);
      const type = status === 401 ? "authentication_error" : "invalid_request_error";
      expect(asked.body).toEqual({ error: { message: expect.any(String), type, param: null, code } });
    }
    const unknown = await rig.ask("GET", "/v1/nowhere");
    expect([unknown.status, unknown.body.error]).toEqual([
      404,
      expect.objectContaining({ code: "not_found" }),
    ]);
  });
});
