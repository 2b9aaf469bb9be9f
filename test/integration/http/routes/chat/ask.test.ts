import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../../server/domain/errors.ts";
import { expectProblem, useRig } from "../../rig.ts";

const rig = useRig();

const ask = (body: Record<string, unknown>, options = {}) =>
  rig.ask("POST", "/api/ask", { body: { projectPath: rig.project, ...body }, ...options });
const answer = (text: string) => ({ text, costUsd: 0, durationMs: 1, denied: [] });

describe("S32: one-shot prompts", () => {
  test("S32: one prompt, one answer", async () => {
    const asked = await ask({ prompt: "Why?", model: "claude-x", timeoutMs: 5_000 });
    expect(asked.body).toEqual({ text: "Answer to Why?", costUsd: 0.01, durationMs: 5, denied: [] });
    const request = { projectPath: rig.project, prompt: "Why?", model: "claude-x", timeoutMs: 5_000 };
    expect(rig.pool.calls).toMatchObject([{ name: "ask", by: { deviceId: "local" }, request }]);
  });

  test("S32: several are answered in their order, so many at once, and one that fails leaves the others be", async () => {
    let now = 0;
    let most = 0;
    const firstThree: Array<() => void> = [];
    rig.host.oneShot = async ({ prompt }) => {
      now += 1;
      most = Math.max(most, now);
      // The first three go on when all of them are there, the one that came first last of all.
      if (Number(prompt) <= 3) {
        const goesOn = new Promise<void>((resolve) => firstThree.unshift(resolve));
        if (firstThree.length === 3) for (const go of firstThree) go();
        await goesOn;
      }
      now -= 1;
      if (prompt === "4") throw new DaylongError("ask_timed_out", "Too long.");
      return answer(prompt);
    };
    const prompts = ["1", "2", "3", "4", "5", "6", "7", "8"];
    const asked = await ask({ prompts, concurrency: 3 });
    const failed = { error: { code: "ask_timed_out", detail: "Too long." } };
    expect(asked.body.results).toEqual(prompts.map((prompt) => (prompt === "4" ? failed : answer(prompt))));
    expect(most).toBe(3);
  });

  test("S32: a failure of a single one is a problem; bad requests and other directories are refused", async () => {
    rig.host.oneShot = async () => {
      throw new DaylongError("ask_failed", "Claude gave no answer.");
    };
    expectProblem(await ask({ prompt: "Why?" }), 502, "ask_failed");
    for (const body of [
      {},
      { prompt: "a", prompts: ["b"] },
      { prompts: [] },
      { prompt: "" },
      { prompt: "a", timeoutMs: 1 },
    ])
      expectProblem(await ask(body), 400, "invalid_request");
    expectProblem(await ask({ prompts: Array.from({ length: 51 }, () => "x") }), 400, "invalid_request");
    expectProblem(await ask({ prompt: "x".repeat(256 * 1024 + 1) }), 400, "invalid_request");
    expectProblem(await ask({ prompt: "x", projectPath: "/etc" }), 403, "project_forbidden");
    expectProblem(await ask({ prompt: "x" }, { token: rig.device("read").token }), 403, "scope_forbidden");
  });

  test("S32: a caller who goes away gives it up", async () => {
    const given = new Promise<AbortSignal>((resolve) => {
      rig.host.oneShot = ({ signal }) =>
        new Promise((_resolve, reject) => {
          resolve(signal);
          signal.addEventListener("abort", () => reject(new DaylongError("interrupted", "Gone.")));
        });
    });
    const caller = new AbortController();
    const asked = ask({ prompt: "Why?" }, { signal: caller.signal }).catch(() => "gone");
    const signal = await given;
    const over = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    caller.abort();
    await over;
    expect(await asked).toBe("gone");
  });

  test("S32 A02: a device that is revoked meanwhile gets no answer", async () => {
    const { deviceId, token } = rig.device();
    const begun = new Promise<void>((resolve) => {
      rig.host.oneShot = ({ signal }) =>
        new Promise((done) => {
          signal.addEventListener("abort", () => done(answer("too late")));
          resolve();
        });
    });
    const asked = ask({ prompt: "Why?" }, { token });
    await begun;
    rig.access.revoke(deviceId, { deviceId: "local", scope: "admin" });
    expectProblem(await asked, 401, "unauthenticated");
  });

  test("S32: when one of a batch breaks unforeseen, the others are given up with it", async () => {
    const signals = new Map<string, AbortSignal>();
    let beginFirst = () => {};
    const first = new Promise<void>((resolve) => {
      beginFirst = resolve;
    });
    rig.host.oneShot = ({ prompt, signal }) => {
      signals.set(prompt, signal);
      if (prompt === "1") beginFirst();
      if (prompt === "2") return first.then(() => Promise.reject(new Error("A bug.")));
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(answer("too late"))));
    };
    expectProblem(await ask({ prompts: ["1", "2", "3", "4"], concurrency: 2 }), 500, "internal_error");
    expect([...signals.keys()].sort()).toEqual(["1", "2"]);
    expect(signals.get("1")?.aborted).toBe(true);
  });
});
