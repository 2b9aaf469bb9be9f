import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http2 from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ManualClock } from "../../support/manualClock.ts";
import { type ApnsStandIn, startApnsStandIn } from "../../support/push/apnsStandIn.ts";
import { hexToken } from "./apple.ts";

/** What stands in for Apple in all these tests has to be as strict as Apple, or they prove nothing. */
describe("the stand-in for Apple", () => {
  let folder: string;
  let clock: ManualClock;
  let apple: ApnsStandIn;
  let session: http2.ClientHttp2Session;
  let token: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "daylong-stand-in-"));
    clock = new ManualClock();
    const isProduction = (token: string) => token === hexToken(1);
    apple = await startApnsStandIn({ tlsDir: folder, clock, knows: isProduction });
    session = http2.connect(`https://${apple.host}:${apple.port}`, { ca: readFileSync(apple.caPath) });
    token = bearer();
  });
  afterEach(async () => {
    session.destroy();
    await apple.close();
    rmSync(folder, { recursive: true });
  });

  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const bearer = (claims: object = {}, header: object = {}) => {
    const iat = Math.floor(clock.now() / 1_000);
    const signed = `${encode({ alg: "ES256", kid: apple.keyId, ...header })}.${encode({ iss: apple.teamId, iat, ...claims })}`;
    const key = createPrivateKey(readFileSync(apple.keyPath, "utf8"));
    const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
    return `bearer ${signed}.${signature.toString("base64url")}`;
  };
  /** One request, right but for what is changed; Apple's status and reason. */
  const post = (
    change: http2.OutgoingHttpHeaders = {},
    body: string = JSON.stringify({ aps: { alert: "Hello" } }),
  ): Promise<[number, string | undefined]> =>
    new Promise((done, fail) => {
      const headers: http2.OutgoingHttpHeaders = {
        ":method": "POST",
        ":path": `/3/device/${hexToken(1)}`,
        authorization: token,
        "apns-topic": apple.topic,
        "apns-push-type": "alert",
        ...change,
      };
      for (const [name, value] of Object.entries(headers)) if (value === undefined) delete headers[name];
      // A GET would end by itself, before its body.
      const stream = session.request(headers, { endStream: false });
      let status = 0;
      let text = "";
      stream.on("response", (answer) => {
        status = Number(answer[":status"]);
      });
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("end", () => done([status, text === "" ? undefined : JSON.parse(text).reason]));
      stream.on("error", fail);
      stream.end(body);
    });

  test("allows one stream until the first valid request, and many after it", async () => {
    await new Promise((done) => session.once("remoteSettings", done));
    expect(session.remoteSettings.maxConcurrentStreams).toBe(1);
    expect(await post({ authorization: bearer({ iss: "SOMEBODY" }) })).toEqual([403, "InvalidProviderToken"]);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(1);
    expect(await post()).toEqual([200, undefined]);
    expect(session.remoteSettings.maxConcurrentStreams).toBe(1_000);
  });

  test("finds every fault of a header, a token or a payload that Apple documents", async () => {
    const big = JSON.stringify({ aps: { alert: "x".repeat(4_096) } });
    const silent = { "apns-push-type": "background", "apns-priority": "5" };
    const table: Array<[expected: [number, string], change: http2.OutgoingHttpHeaders, body?: string]> = [
      [[405, "MethodNotAllowed"], { ":method": "GET" }],
      [[404, "BadPath"], { ":path": "/4/device/x" }],
      [[400, "MissingDeviceToken"], { ":path": "/3/device/" }],
      [[400, "BadDeviceToken"], { ":path": "/3/device/nonsense" }],
      [[400, "BadDeviceToken"], { ":path": `/3/device/${hexToken(2)}` }],
      [[403, "MissingProviderToken"], { authorization: undefined }],
      [[403, "InvalidProviderToken"], { authorization: bearer({}, { kid: "OTHER" }) }],
      [[403, "InvalidProviderToken"], { authorization: `${token}x` }],
      [
        [403, "ExpiredProviderToken"],
        { authorization: bearer({ iat: Math.floor(clock.now() / 1_000) - 3_700 }) },
      ],
      [[400, "MissingTopic"], { "apns-topic": undefined }],
      [[400, "TopicDisallowed"], { "apns-topic": "com.example.other" }],
      [[400, "BadMessageId"], { "apns-id": "1" }],
      [[400, "DuplicateHeaders"], { "apns-expiration": ["0", "0"] }],
      [[400, "BadCollapseId"], { "apns-collapse-id": "x".repeat(65) }],
      [[400, "BadExpirationDate"], { "apns-expiration": "soon" }],
      [[400, "BadPriority"], { "apns-priority": "7" }],
      [[400, "InvalidPushType"], { "apns-push-type": "shout" }],
      [
        [400, "BadPriority"],
        { "apns-push-type": "background" },
        JSON.stringify({ aps: { "content-available": 1 } }),
      ],
      [[400, "InvalidPushType"], silent, JSON.stringify({ aps: { "content-available": 1, badge: 1 } })],
      [[400, "PayloadEmpty"], {}, ""],
      [[400, "PayloadEmpty"], {}, "no JSON"],
      [[413, "PayloadTooLarge"], {}, big],
    ];
    for (const [expected, change, body] of table) expect(await post(change, body)).toEqual(expected);
    expect(
      await post({ ...silent, "apns-id": randomUUID() }, JSON.stringify({ aps: { "content-available": 1 } })),
    ).toEqual([200, undefined]);
  });

  test("refuses a provider token that is replaced within 20 minutes, and takes one that is replaced later", async () => {
    expect(await post()).toEqual([200, undefined]);
    clock.advance(19 * 60_000);
    expect(await post({ authorization: bearer() })).toEqual([429, "TooManyProviderTokenUpdates"]);
    expect(await post()).toEqual([200, undefined]);
    clock.advance(2 * 60_000);
    expect(await post({ authorization: bearer() })).toEqual([200, undefined]);
  });
});
