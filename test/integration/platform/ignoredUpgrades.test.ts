import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readCertificate } from "../../../server/platform/certificate.ts";
import { ConnectionLimits } from "../../../server/platform/connectionLimits.ts";
import { IgnoredUpgrades } from "../../../server/platform/ignoredUpgrades.ts";
import { closeServer, createServer } from "../../../server/platform/listener.ts";

const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const h2c = "Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
const plain = "Host: x\r\n";

/** Says what it was asked: method, path, body, and what is left of the headers of an upgrade. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of request.setEncoding("latin1")) body += chunk;
  const { upgrade = "", connection = "", from = "" } = request.headers;
  response.end(`[${request.method} ${request.url} ${body} ${from}${upgrade}${connection}]`, "latin1");
}

describe.each(["http", "https"])("REPORT-4: an Upgrade header on an ordinary request over %s", (scheme) => {
  let folder: string;
  let server: ReturnType<typeof createServer>;
  let limits: ConnectionLimits;
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  let client: Socket;
  let heard: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "daylong-upgrades-"));
    const tls = { kind: "self-signed" } as const;
    const certificate = scheme === "https" ? await readCertificate({ tls, dataDir: folder }) : undefined;
    answer = echo;
    server = createServer(certificate, (request, response) => void answer(request, response));
    limits = new ConnectionLimits(server, {
      log: silentLog,
      addressOf: () => "here",
      isShared: () => true,
      most: 32,
    });
    const ignored = new IgnoredUpgrades(server);
    server.on("upgrade", (request, socket, head) => ignored.serve(request, socket, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    heard = "";
    client =
      scheme === "https"
        ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
        : connectPlain(port, "127.0.0.1");
    client.on("error", () => {});
    client.setEncoding("latin1").on("data", (text: string) => {
      heard += text;
    });
    await once(client, scheme === "https" ? "secureConnect" : "connect");
  });
  afterEach(async () => {
    client.destroy();
    await closeServer(server);
    rmSync(folder, { recursive: true, force: true });
  });

  const answers = () => heard.match(/\[[^\]]*\]/g) ?? [];
  /** Sends the pieces one after the other, each when the last one's answers are here; resolves to all answers. */
  async function say(...pieces: Array<[text: string, answersAfter: number]>): Promise<string[]> {
    for (const [text, count] of pieces) {
      client.write(text, "latin1");
      while (answers().length < count) await once(client, "data");
    }
    return answers();
  }

  test.each([
    ["h2c, as java.net.http sends it", `GET /a HTTP/1.1\r\n${h2c}\r\n`, "[GET /a  keep-alive]"],
    [
      "another version",
      "GET /a HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: HTTP/2.0\r\n\r\n",
      "[GET /a  ]",
    ],
    [
      "TLS",
      "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: TLS/1.3\r\n\r\n",
      "[OPTIONS *  ]",
    ],
    [
      "several",
      "GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c, foo/3\r\n\r\n",
      "[GET /a  keep-alive]",
    ],
    [
      "two headers",
      "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nConnection: foo\r\nUpgrade: h2c\r\nUpgrade: foo\r\n\r\n",
      "[GET /a  foo]",
    ],
    [
      "a websocket elsewhere",
      "GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: UPGRADE\r\nUPGRADE: WebSocket\r\n\r\n",
      "[GET /a?b=c  ]",
    ],
    ["no word in Connection", "GET /a HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\n\r\n", "[GET /a  h2c]"],
    [
      "an empty one",
      "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: \r\n\r\n",
      "[GET /a  Upgrade]",
    ],
    ["DELETE", `DELETE /a HTTP/1.1\r\n${h2c}\r\n`, "[DELETE /a  ]"],
    ["a body", `POST /b HTTP/1.1\r\n${h2c}Content-Length: 5\r\n\r\nhello`, "[POST /b hello ]"],
    ["an empty body", `POST /b HTTP/1.1\r\n${h2c}Content-Length: 0\r\n\r\n`, "[POST /b  ]"],
    [
      "a chunked body",
      `PUT /b HTTP/1.1\r\n${h2c}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`,
      "[PUT /b hello! ]",
    ],
    [
      "an expectation",
      `POST /b HTTP/1.1\r\n${h2c}Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi`,
      "[POST /b hi ]",
    ],
    ["bytes beyond ASCII in headers", `GET /a HTTP/1.1\r\nFrom: \u00fc\r\n${h2c}\r\n`, "[GET /a  \u00fc]"],
  ])("REPORT-4: %s is ignored", async (_what, request, expected) => {
    expect((await say([request, 1]))[0]!.replace("keep-alive", "")).toBe(expected.replace("keep-alive", ""));
  });

  test("REPORT-4: a body that comes in pieces after it is read whole", async () => {
    client.write(`POST /b HTTP/1.1\r\n${h2c}Content-Length: 10\r\n\r\nhel`);
    await once(server, "request");
    expect(await say(["lo, yo", 0], ["u", 1])).toEqual(["[POST /b hello, you ]"]);
  });

  test("REPORT-4: requests that follow on the same connection are answered in their order", async () => {
    const pipelined = [
      `GET /1 HTTP/1.1\r\n${plain}\r\n`,
      `GET /2 HTTP/1.1\r\n${h2c}\r\n`,
      `POST /3 HTTP/1.1\r\n${h2c}Content-Length: 2\r\n\r\nhi`,
      `GET /4 HTTP/1.1\r\n${plain}\r\n`,
      `GET /5 HTTP/1.1\r\n${h2c}\r\n`,
      `GET /6 HTTP/1.1\r\n${h2c}\r\n`,
    ].join("");
    const expected = ["[GET /1  ]", "[GET /2  ]", "[POST /3 hi ]", "[GET /4  ]", "[GET /5  ]", "[GET /6  ]"];
    const seen = await say([pipelined, 6], [pipelined, 12]);
    expect(seen.map((one) => one.replace("keep-alive", ""))).toEqual([...expected, ...expected]);
  });

  test("REPORT-4: an earlier answer that takes its time still goes out first", async () => {
    let finish = () => {};
    answer = async (request, response) => {
      if (request.url === "/slow") await new Promise<void>((resolve) => (finish = resolve));
      await echo(request, response);
    };
    const asked = once(server, "request");
    const given = once(server, "upgrade");
    client.write(`GET /slow HTTP/1.1\r\n${plain}\r\nGET /quick HTTP/1.1\r\n${h2c}\r\n`);
    await Promise.all([asked, given]);
    finish();
    expect((await say(["", 2])).map((one) => one.split(" ")[1])).toEqual(["/slow", "/quick"]);
  });

  test("REPORT-4: the connection counts once, is not busy afterwards, and gathers no listeners", async () => {
    await say([`GET /1 HTTP/1.1\r\n${h2c}\r\n`, 1]);
    expect(limits.count).toBe(1);
    const [socket] = await Promise.all([
      once(server, "request").then(([request]) => request.socket as Socket),
      say([`GET /2 HTTP/1.1\r\n${h2c}\r\n`, 2]),
    ]);
    const count = () => socket.eventNames().map((name) => [name, socket.listenerCount(name)]);
    const before = count();
    for (let more = 3; more < 30; more += 1) await say([`GET /${more} HTTP/1.1\r\n${h2c}\r\n`, more]);
    expect(count()).toEqual(before);
    expect(limits.count).toBe(1);
  });

  test("REPORT-4: a client that resets while an earlier answer is awaited harms nobody", async () => {
    let finish = () => {};
    answer = async (_request, response) => {
      await new Promise<void>((resolve) => (finish = resolve));
      response.end("late");
    };
    const given = once(server, "upgrade");
    client.write(`GET /slow HTTP/1.1\r\n${plain}\r\nGET /quick HTTP/1.1\r\n${h2c}\r\n`);
    const [request] = await given;
    const gone = new Promise<void>((resolve) => request.socket.once("close", () => resolve()));
    if (scheme === "http") client.resetAndDestroy();
    else client.destroy();
    await gone;
    finish();
    // Whatever was thrown would be thrown by now.
    const closed = once(server, "close");
    server.close();
    await closed;
    expect([server.listening, limits.count]).toEqual([false, 0]);
  });
});
