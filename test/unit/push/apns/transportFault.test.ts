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
});
