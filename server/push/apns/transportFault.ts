import type { ClientHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { ApnsSession } from "./apnsSession.ts";
import type { ApnsFaultName } from "./apnsVerdict.ts";

/** OpenSSL's and Node's codes for a certificate that is not to be trusted (Node, "X509 certificate error codes"). */
const untrustedCodes = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "INVALID_CA",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Node's codes for headers that HTTP/2 cannot carry: nothing was sent, and nothing ever will be. */
const malformedCodes = new Set([
  "ERR_INVALID_CHAR",
  "ERR_INVALID_HTTP_TOKEN",
  "ERR_HTTP2_INVALID_HEADER_VALUE",
  "ERR_HTTP2_HEADER_SINGLE_VALUE",
]);

/** Names why an exchange had no answer, from Node's error, the state of the session and the stream's reset code. */
export function nameFault(
  error: unknown,
  session?: Pick<ApnsSession, "halfOpen" | "goaway" | "connected" | "error">,
  stream?: Pick<ClientHttp2Stream, "rstCode">,
): ApnsFaultName {
  const codes = [...errorCodes(error), ...errorCodes(session?.error)];
  if (codes.some((code) => malformedCodes.has(code))) return "malformed";
  if (codes.some((code) => code.startsWith("CERT_") || untrustedCodes.has(code))) return "untrusted";
  if (session?.halfOpen) return "half_open";
  // No stream ids left, or Apple said goodbye before this request: the next connection takes it.
  if (codes.includes("ERR_HTTP2_GOAWAY_SESSION") || codes.includes("ERR_HTTP2_OUT_OF_STREAMS"))
    return "goaway";
  if (session?.goaway) return "goaway";
  if (stream?.rstCode === constants.NGHTTP2_REFUSED_STREAM) return "refused";
  return session?.connected ? "reset" : "unreachable";
}

/** The codes of an error and of what caused it; `{error}` is how node-apn wraps, `jse_cause` how VError does. */
function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  let current = error;
  // Bounded, for nothing forbids a chain that ends in itself.
  for (let depth = 0; depth < 8 && typeof current === "object" && current !== null; depth += 1) {
    const { code, cause, jse_cause, error: wrapped } = current as Record<string, unknown>;
    if (typeof code === "string") codes.push(code);
    current = wrapped ?? jse_cause ?? cause;
  }
  return codes;
}
