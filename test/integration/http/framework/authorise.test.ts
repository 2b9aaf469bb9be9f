import { getEventListeners, once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { useRig } from "../rig.ts";

const rig = useRig();

/** How many listen, and a word when it is exactly so many. */
class Listening {
  count = 0;
  #looks = new Set<() => void>();

  /** Counts the subscriptions that the function makes, until each is unsubscribed. */
  counting<L>(subscribe: (listener: L) => () => void): (listener: L) => () => void {
    return (listener) => {
      const unsubscribe = subscribe(listener);
      this.#add(1);
      let isOver = false;
      return () => {
        unsubscribe();
        if (!isOver) this.#add(-1);
        isOver = true;
      };
    };
  }

  whenExactly(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.count !== count) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  #add(change: number): void {
    this.count += change;
    for (const look of this.#looks) look();
  }
}

let revocations: Listening;
let commits: Listening;
beforeEach(() => {
  revocations = new Listening();
  commits = new Listening();
  rig.access.onRevoked = revocations.counting(rig.access.onRevoked.bind(rig.access));
  rig.store.events.subscribe = commits.counting(rig.store.events.subscribe.bind(rig.store.events));
});

const stops = () => getEventListeners(rig.stopping.signal, "abort").length;
const happen = () =>
  rig.store.transaction(() =>
    rig.store.events.append({ sessionId: null, type: "login.required", data: { detail: "news" } }),
  );
/** Ends the turn that runs. */
const complete = async () => {
  const accepted = rig.store.events.after(0, 10_000).findLast(({ type }) => type === "turn.accepted");
  await rig.pool.complete(accepted?.turnId ?? "", { text: "Hi." });
};

/** Requests that wait, and what ends each of them well. */
const waits: Array<{ title: string; ask(signal?: AbortSignal): Promise<unknown>; end(): unknown }> = [
  {
    title: "a long poll",
    ask: (signal) => rig.ask("GET", "/api/events?after=0&wait=30", { signal }),
    end: () => void happen(),
  },
  {
    title: "a chat message with Prefer: wait",
    ask: (signal) =>
      rig.ask("POST", "/api/chat", {
        body: { message: "Hello", projectPath: rig.project },
        headers: { prefer: "wait=30" },
        signal,
      }),
    end: complete,
  },
  {
    title: "a one-shot prompt",
    ask: (signal) => {
      rig.host.oneShot = ({ signal: over }) =>
        new Promise((resolve) => {
          answerOneShot = () => resolve({ text: "Hi.", costUsd: 0, durationMs: 1, denied: [] });
          over.addEventListener("abort", answerOneShot);
          began();
        });
      oneShotBegun = new Promise((resolve) => {
        began = resolve;
      });
      return rig.ask("POST", "/api/ask", { body: { projectPath: rig.project, prompt: "Why?" }, signal });
    },
    end: () => oneShotBegun.then(() => answerOneShot()),
  },
  {
    title: "a completion",
    ask: (signal) => rig.ask("POST", "/v1/chat/completions", { body: completion, signal }),
    end: complete,
  },
  {
    title: "a completion that is streamed",
    ask: (signal) =>
      rig.ask("POST", "/v1/chat/completions", { body: { ...completion, stream: true }, signal }),
    end: complete,
  },
];
let answerOneShot = () => {};
let began = () => {};
let oneShotBegun = Promise.resolve();
const completion = { model: "default", messages: [{ role: "user", content: "Hello" }] };

/** No request waits for a turn, and only timers of the parts behind the edge are armed. */
async function expectNothingWaits(): Promise<void> {
  expect(rig.pool.waiting).toBe(0);
  await rig.stopParts();
  expect(rig.clock.armed).toBe(0);
}

describe("A02: a request that waits listens for its device's revocation", () => {
  test.each(waits)(
    "NET-14 A02: $title leaves no listener behind when it is answered",
    async ({ ask, end }) => {
      const before = { commits: commits.count, stops: stops() };
      for (let round = 0; round < 2; round += 1) {
        const asked = ask();
        await revocations.whenExactly(1);
        await rig.clock.settle();
        await end();
        await asked;
        await rig.clock.settle();
        expect(revocations.count).toBe(0);
      }
      await rig.clock.settle();
      expect({ commits: commits.count, stops: stops() }).toEqual(before);
      await expectNothingWaits();
    },
  );

  test.each(waits)(
    "NET-14 A02: $title leaves no listener behind when the client goes away",
    async ({ ask }) => {
      const before = commits.count;
      const client = new AbortController();
      const asked = ask(client.signal).catch(() => "gone");
      await revocations.whenExactly(1);
      await rig.clock.settle();
      client.abort();
      expect(await asked).toBe("gone");
      await revocations.whenExactly(0);
      await commits.whenExactly(before);
      await expectNothingWaits();
    },
  );
});

test("DOOR-7 A12: a request whose body comes after its device was revoked is refused", async () => {
  const { deviceId, token } = rig.device("admin");
  const authenticate = rig.access.authenticate.bind(rig.access);
  const isKnown = new Promise<void>((resolve) => {
    rig.access.authenticate = (shown) => {
      queueMicrotask(resolve);
      return authenticate(shown);
    };
  });
  const body = JSON.stringify({ scope: "admin" });
  const sent = request({
    host: "127.0.0.1",
    port: rig.port,
    method: "POST",
    path: "/api/pairing-codes",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    },
  });
  const answered = once(sent, "response");
  sent.write(body.slice(0, 5));
  await isKnown;
  rig.access.revoke(deviceId, { deviceId: "local", scope: "admin" });
  sent.end(body.slice(5));
  const [response] = (await answered) as [IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(401);
});
