import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { ApnsSession } from "./apnsSession.ts";
import type { ApnsAnswer, ApnsExchange } from "./apnsVerdict.ts";
import { nameFault } from "./transportFault.ts";

/** node-apn's `Client.request`, as of 8.1: writes one notification to a session and parses the response. */
export type NodeApnRequest = (
  session: { request(headers: OutgoingHttpHeaders): ClientHttp2Stream },
  address: string,
  notification: { headers: object; body: string },
  path: string,
  method: string,
) => Promise<unknown>;

export interface ApnsRequestParts {
  session: ApnsSession;
  request: NodeApnRequest;
  address: string;
  deviceToken: string;
  push: { headers: object; body: string };
  timeoutMs: number;
  /** The provider token that the next request would carry. */
  currentToken(): string;
}

/** The rejection of node-apn: `{status, response}` or `{error}`. */
interface NodeApnRejection {
  response?: { reason?: string; timestamp?: number | string };
  error?: Error;
}

/**
 * Sends one push over `session` and waits for the answer up to `timeoutMs`. Never rejects.
 * A push that stays unanswered retires the session: the next one goes over a new connection.
 */
export function sendApnsRequest(parts: ApnsRequestParts): Promise<ApnsExchange> {
  const { session, address, deviceToken, push, timeoutMs } = parts;
  session.begin();
  return new Promise<ApnsExchange>((resolve) => {
    let answer: IncomingHttpHeaders | undefined;
    let authorization: unknown;
    let stream: ClientHttp2Stream | undefined;
    let streamError: Error | undefined;

    let isConcluded = false;
    const conclude = (rejection?: unknown): void => {
      if (isConcluded) return;
      isConcluded = true;
      clearTimeout(timer);
      // The status decides even when the answer's body was lost on the way.
      if (answer !== undefined) {
        const read = readAnswer(answer, rejection);
        // Of an accepted push it says nothing which token it was sent with.
        if (read.status !== 200) read.tokenReplaced = authorization !== `bearer ${parts.currentToken()}`;
        resolve(read);
      } else {
        const fault = nameFault(streamError ?? rejection, session, stream);
        resolve({ kind: "fault", fault, atOnce: session.answered });
      }
    };
    const timer = setTimeout(() => {
      resolve(answer ? readAnswer(answer) : { kind: "fault", fault: "timeout" });
      stream?.close(constants.NGHTTP2_CANCEL);
      session.retire();
    }, timeoutMs);

    // node-apn asks the session for nothing but the stream: the response headers can be read here.
    const tap = {
      request: (headers: OutgoingHttpHeaders): ClientHttp2Stream => {
        authorization = headers.authorization;
        const opened = session.http2.request(headers);
        stream = opened;
        opened.once("response", (responseHeaders) => {
          answer = responseHeaders;
          session.noteAnswer();
        });
        opened.once("error", (error: Error) => {
          streamError = error;
        });
        // node-apn's promise never settles when a stream closes without end or error. This comes after its own.
        opened.once("close", () => {
          if (!isConcluded) setImmediate(conclude);
        });
        return opened;
      },
    };
    const path = `/3/device/${encodeURIComponent(deviceToken)}`;
    parts.request(tap, address, push, path, "POST").then(
      () => conclude(),
      (rejection: unknown) => {
        // With an answer at once, before "close" concludes without the reason that only the rejection holds. Without
        // one a turn later: the stream's error and the session's GOAWAY are told after node-apn has rejected.
        if (answer !== undefined) conclude(rejection);
        else setImmediate(conclude, rejection);
      },
    );
  }).finally(() => session.end());
}

function readAnswer(headers: IncomingHttpHeaders, rejection?: unknown): ApnsAnswer {
  const { response, error } = (rejection ?? {}) as NodeApnRejection;
  const status = Number(headers[":status"]);
  const apnsId = headers["apns-id"];
  // node-apn gives one reason only in the message of its error, and that of a 500 not at all.
  const expired = error?.message === "ExpiredProviderToken" ? error.message : undefined;
  return {
    kind: "answer",
    status,
    apnsId: typeof apnsId === "string" ? apnsId : undefined,
    reason: response?.reason ?? expired ?? (status === 500 ? "InternalServerError" : undefined),
    timestamp: response?.timestamp,
    retryAfter: headers["retry-after"],
  };
}
