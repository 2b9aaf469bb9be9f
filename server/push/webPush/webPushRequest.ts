import { type Agent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { nameFault } from "../apns/transportFault.ts";
import type { WebPushExchange, WebPushFaultName } from "./webPushVerdict.ts";

/** Bytes of an answer that are read for its reason; the rest is discarded. */
const maxReasonBytes = 2048;
/** An answer that goes on beyond this is no answer of a push service: the connection is dropped. */
const maxAnswerBytes = 65_536;

export interface WebPushRequestParts {
  endpoint: string;
  headers: Record<string, string | number>;
  body: Buffer;
  agent: Agent;
  /** Absent: the system's, which gives private addresses too. */
  lookup?: LookupFunction;
  timeoutMs: number;
}

/** POSTs one encrypted push and waits up to `timeoutMs` for the answer. Never rejects, never follows a redirect. */
export function postWebPush(parts: WebPushRequestParts): Promise<WebPushExchange> {
  return new Promise((resolve) => {
    const { endpoint, headers, body, agent, lookup, timeoutMs } = parts;
    const request = httpsRequest(endpoint, { method: "POST", headers, agent, lookup });
    let timedOut = false;
    // One limit for all of it, for a peer that sends a byte now and then never lets a socket time out.
    const timer = setTimeout(() => {
      timedOut = true;
      request.destroy();
    }, timeoutMs);
    const conclude = (exchange: WebPushExchange): void => {
      clearTimeout(timer);
      resolve(exchange);
    };
    let answered = false;
    request.on("response", (response) => {
      answered = true;
      const status = response.statusCode ?? 0;
      const retryAfter = response.headers["retry-after"];
      let bytes = 0;
      let text = "";
      response.on("data", (chunk: Buffer) => {
        if (bytes < maxReasonBytes) text += chunk.toString("latin1", 0, maxReasonBytes - bytes);
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) request.destroy();
      });
      // The status decides, even when the rest of the answer is lost on the way.
      response.on("error", () => {});
      response.on("close", () => conclude({ kind: "answer", status, retryAfter, reason: reasonIn(text) }));
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (answered) return;
      const fault = timedOut ? "timeout" : faultOf(error, request.socket?.connecting === false);
      conclude({ kind: "fault", fault, ...(request.reusedSocket && !timedOut ? { atOnce: true } : {}) });
    });
    // A request may close without an error, when it is destroyed before there is a socket.
    request.on("close", () => {
      if (!answered) conclude({ kind: "fault", fault: timedOut ? "timeout" : "reset" });
    });
    request.end(body);
  });
}

function faultOf(error: NodeJS.ErrnoException, connected: boolean): WebPushFaultName {
  if (error.code === "ERR_PRIVATE_ADDRESS") return "private";
  const name = nameFault(error);
  return name === "untrusted" ? name : connected ? "reset" : "unreachable";
}

/** The reason that Apple's and Mozilla's services name; only a plain word is accepted, because it goes into the log. */
function reasonIn(text: string): string | undefined {
  try {
    const { reason, error } = JSON.parse(text) as { reason?: unknown; error?: unknown };
    const word = reason ?? error;
    return typeof word === "string" && /^[A-Za-z][A-Za-z0-9 _-]{0,60}$/.test(word) ? word : undefined;
  } catch {
    return undefined;
  }
}
