import { describe, expect, test } from "@jest/globals";
import { nameFault } from "../../../../server/push/apns/transportFault.ts";

const REFUSED_STREAM = 7; // RFC 9113, 7
const open = { connected: true, halfOpen: false, goaway: false, error: undefined };
const withCode = (code: string, extra: object = {}): Error =>
  Object.assign(new Error(code), { code, ...extra });

describe("the name of a fault", () => {
  test("D14: a stream that ends without a word is reset on an open session and unreachable before there was one", () => {
    expect(nameFault(undefined, open)).toBe("reset");
    expect(nameFault(undefined, { ...open, connected: false })).toBe("unreachable");
    expect(nameFault(withCode("ECONNREFUSED"))).toBe("unreachable");
  });

  test("a refused stream is told from one that a GOAWAY left out", () => {
    expect(nameFault(undefined, open, { rstCode: REFUSED_STREAM })).toBe("refused");
    expect(nameFault(undefined, { ...open, goaway: true }, { rstCode: REFUSED_STREAM })).toBe("goaway");
    expect(nameFault(withCode("ERR_HTTP2_GOAWAY_SESSION"), open)).toBe("goaway");
    expect(nameFault(withCode("ERR_HTTP2_OUT_OF_STREAMS"), open)).toBe("goaway");
  });

  test("a certificate's fault is found however deep node-apn, VError and Node have wrapped it", () => {
    const cause = withCode("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(nameFault({ error: { jse_cause: withCode("ERR_HTTP2_STREAM_CANCEL", { cause }) } }, open)).toBe(
      "untrusted",
    );
    expect(nameFault(undefined, { ...open, error: withCode("CERT_HAS_EXPIRED") })).toBe("untrusted");
  });

  test("a half-open session is named before the error that its end caused", () => {
    expect(nameFault(withCode("ERR_HTTP2_STREAM_ERROR"), { ...open, halfOpen: true })).toBe("half_open");
  });

  test("headers that HTTP/2 refuses are malformed, and a chain that ends in itself ends", () => {
    expect(nameFault({ error: withCode("ERR_INVALID_CHAR") }, open)).toBe("malformed");
    const loop: { cause?: unknown } = {};
    loop.cause = loop;
    expect(nameFault(loop, open)).toBe("reset");
  });

  test.each([
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT", "untrusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "untrusted"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "untrusted"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
    ["INVALID_CA", "untrusted"],
    ["CERT_NOT_YET_VALID", "untrusted"],
    ["ERR_INVALID_HTTP_TOKEN", "malformed"],
    ["ERR_HTTP2_INVALID_HEADER_VALUE", "malformed"],
    ["ERR_HTTP2_HEADER_SINGLE_VALUE", "malformed"],
    ["ECONNRESET", "reset"],
  ])("%s is %s, whatever else is known of the link", (code, name) => {
    expect(nameFault(withCode(code), open)).toBe(name);
    const ended = { ...open, halfOpen: true, goaway: true };
    expect(nameFault(withCode(code), ended)).toBe(name === "reset" ? "half_open" : name);
  });

  test("a stream that Apple reset for another reason is reset", () => {
    expect(nameFault(undefined, open, { rstCode: 2 })).toBe("reset");
    expect(nameFault(undefined, { ...open, connected: false }, { rstCode: REFUSED_STREAM })).toBe("refused");
  });

  test("an error's causes are followed eight deep, and what is no code is none", () => {
    const under = (depth: number): unknown =>
      depth === 0 ? withCode("CERT_HAS_EXPIRED") : { code: 500, cause: under(depth - 1) };
    expect(nameFault(under(7), open)).toBe("untrusted");
    expect(nameFault(under(8), open)).toBe("reset");
  });
});
