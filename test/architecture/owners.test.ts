import { describe, expect, test } from "@jest/globals";
import { filesIn, textOf } from "./sources.ts";

const sources = filesIn("server");
const filesWith = (pattern: RegExp) => sources.filter((file) => pattern.test(textOf("server", file)));

describe("what one part alone decides", () => {
  test("whom to evict: the capacity of the pool", () => {
    expect(filesWith(/\.idlest\(\)/)).toEqual(["pool/processes/capacity.ts"]);
    expect(filesWith(/\bstop\("evicted"\)/)).toEqual(["pool/processes/capacity.ts"]);
  });

  test("a process's phase: the process itself", () => {
    expect(filesWith(/\.#?phase = /)).toEqual(["pool/state/sessionProcess.ts"]);
  });

  test("a session's state: the session store, which the pool alone tells", () => {
    expect(filesWith(/UPDATE sessions SET [^"`]*\bstate = /)).toEqual(["store/sessions/sessions.ts"]);
    const tellers = filesWith(/\bsessions\.setState\(/);
    expect(tellers.length).toBeGreaterThan(3);
    expect(tellers.filter((file) => !file.startsWith("pool/"))).toEqual([]);
  });

  test("what a push kind means: one table of kinds and one of events", () => {
    expect(filesWith(/\bkindRules\b[^;(]*= \{/)).toEqual(["domain/delivery/pushRules.ts"]);
    expect(filesWith(/\beventRules\b[^;(]*= \{/)).toEqual(["domain/delivery/pushRules.ts"]);
  });

  test("what is last known of a session beside its turns: the fact writer", () => {
    expect(filesWith(/\bfacts\.(set|keepCommands)\(/)).toEqual(["pool/turns/factWriter.ts"]);
  });

  test("the grammar of a bearer token: its own file, for HTTP and the socket", () => {
    expect(filesWith(/\^Bearer/i)).toEqual(["access/bearerToken.ts"]);
  });

  test("when an instant of the wall clock has come: the deadline timer", () => {
    // A timer that is capped by hand, to look at the clock again, should be a DeadlineTimer.
    expect(filesWith(/after\(\s*Math\.min\(/)).toEqual(["domain/deadlineTimer.ts"]);
  });
});
