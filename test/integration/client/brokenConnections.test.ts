import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { DaylongClient } from "../../../client/src/client.ts";
import type { DaylongEvent, TurnView } from "../../../client/src/connection/protocol.ts";
import { type Clock, memoryStore, type SocketConstructor } from "../../../client/src/ports.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import { eventually } from "../../support/server/daylongServer.ts";
import { Rig } from "../socket/rig.ts";

/** How long the client waits for the server: long enough on a busy machine. */
const waitsMs = new Set([10_000, 15_000, 20_000]);

/** A clock on which pauses between tries are short: there are many of them. */
const hurried: Clock = {
  now: () => Date.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs / (waitsMs.has(delayMs) ? 20 : 1_000));
    return () => clearTimeout(timer);
  },
};

/** Sockets that die after a few frames, at either end of one: sent and never read, or read and never heard. */
function dyingSockets(chance: Chance): SocketConstructor {
  class DyingSocket extends WebSocket {
    #left = chance.between(1, 14);

    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      // Before the client's own listener: what comes when the socket has died is not heard.
      this.prependListener("message", () => this.#spend());
    }

    override send(data: Parameters<WebSocket["send"]>[0]): void {
      if (this.readyState !== WebSocket.OPEN) return;
      super.send(data);
      this.#spend();
    }

    #spend(): void {
      this.#left -= 1;
      if (this.#left === 0) this.terminate();
    }
  }
  return DyingSocket as unknown as SocketConstructor;
}

let rig: Rig;
beforeEach(async () => {
  rig = await Rig.open();
});
afterEach(() => rig.close());

describe("C04: a client whose every connection dies after a few frames", () => {
  test.each(seedsFrom(1, 3))(
    "C04 V3 V6 V7 (seed %i): has each message run once and answered, and gets each event once and in order",
    async (seed) => {
      const chance = new Chance(seed);
      const deviceId = rig.pair("program");
      const { store, pool } = rig;
      const unanswered: unknown[] = [];
      const unsubscribe = store.events.subscribe((events) => {
        for (const { type, turnId = "", data } of events) {
          if (type === "turn.accepted")
            pool
              .complete(turnId, { text: `re: ${data.message}` })
              .catch((error: unknown) => unanswered.push(error));
        }
      });
      const sessions = [await rig.session(), await rig.session(), await rig.session()];
      const start = store.events.tip();
      const faults: unknown[] = [];
      const client = new DaylongClient({
        url: rig.url.replace("ws:", "http:").replace(/\/ws$/, ""),
        token: "program",
        WebSocket: dyingSockets(chance),
        store: memoryStore(),
        clock: hurried,
        random: () => chance.share(),
        onFault: (error) => faults.push(error),
        // The REST face, as far as the client asks for it.
        fetch: async (input) => {
          const turnId = /\/turns\/(.+)$/.exec(String(input))?.[1];
          return Response.json(
            turnId === undefined
              ? { epoch: store.events.epoch, cursor: start, events: [] }
              : (store.turns.get(turnId) as unknown as TurnView),
          );
        },
      });
      const heard: DaylongEvent[] = [];
      let failures = 0;
      client.onEvent(async (event) => {
        if (chance.happens(0.05)) {
          failures += 1;
          throw new Error("The program stumbles.");
        }
        if (chance.happens(0.3)) await new Promise((resolve) => setImmediate(resolve));
        heard.push(event);
      });
      client.start();
      const count = 40;
      const texts = Array.from({ length: count }, (_, index) => `message ${index}`);
      const turns = texts.map((message) => client.send({ sessionId: chance.pick(sessions), message }));
      const replies = await Promise.all(turns.map(async (turn) => (await turn.reply()).text));
      expect(replies).toEqual(texts.map((text) => `re: ${text}`));
      const log = store.events.after(start, 10_000);
      expect(log.filter(({ type }) => type === "turn.accepted")).toHaveLength(count);
      await eventually("the last event", () => heard.at(-1)?.cursor === store.events.tip());
      expect(heard.map(({ cursor }) => cursor)).toEqual(log.map(({ cursor }) => cursor));
      await eventually("the ack", () => store.devices.get(deviceId)?.ackedCursor === store.events.tip());
      expect(client.unsent).toEqual([]);
      expect(unanswered).toEqual([]);
      // It was as hard as it was meant to be.
      expect(faults).toHaveLength(failures);
      expect(failures).toBeGreaterThan(0);
      client.stop();
      unsubscribe();
    },
  );
});
