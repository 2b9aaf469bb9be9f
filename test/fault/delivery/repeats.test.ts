import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { Chance, seedsFrom } from "../../support/chance.ts";
import {
  type Bench,
  type DaylongServer,
  eventually,
  makeBench,
  startServer,
} from "../../support/server/daylongServer.ts";
import { promptsGiven, quickEnvironment } from "../../support/server/quickServer.ts";
import { connect } from "../../support/server/socketClient.ts";

interface Answer {
  turnId: string;
  sessionId: string;
  duplicate: boolean;
}

const terminal = /^turn\.(completed|failed|interrupted|cancelled)$/;

describe("V7 D04 sends are idempotent", () => {
  let bench: Bench;
  let server: Promise<DaylongServer>;
  beforeEach(() => {
    bench = makeBench();
    server = startServer(quickEnvironment(bench));
  });
  afterEach(async () => {
    expect(await (await server).kill("SIGTERM")).toBe(0);
    bench.remove();
  });

  /** Sends until it is answered: over HTTP or a socket of its own, by chance. A cut connection is no answer. */
  async function send(token: string, body: Record<string, string>, overSocket: boolean): Promise<Answer> {
    return eventually("an answer", async () => {
      try {
        const { url, ask } = await server;
        if (!overSocket) {
          const { status, body: answer } = await ask("POST", "/api/chat", body, { token });
          expect(status).toBe(202);
          return answer as Answer;
        }
        const socket = await connect({ url: `${url.replace("http", "ws")}/ws`, token });
        socket.send({ type: "send", ref: "s", ...body });
        const answer = await socket.waitForRef("s", 10_000);
        await socket.kill();
        expect(answer.type).toBe("accepted");
        return answer as unknown as Answer;
      } catch (error) {
        // Not by class: fetch throws the error of another realm than Jest's.
        if (/fetch failed|Closed|No sign|socket/.test(String(error))) return undefined;
        throw error;
      }
    });
  }

  test.each(seedsFrom(1, 1))(
    "V7 (seed %i) each request comes one to five times, over two SIGKILLs: one turn, and at most one run",
    async (seed) => {
      process.stdout.write(`V7: seed ${seed}\n`);
      const chance = new Chance(seed);
      const { token } = await (await server).pair("phone");
      const answers = new Map<string, Answer[]>();
      /** All copies of all messages at once, with a kill in their midst. */
      const round = async (messages: Array<Record<string, string>>): Promise<void> => {
        const copies = messages.flatMap((body) =>
          Array.from({ length: chance.between(1, 6) }, () => ({ body, order: chance.share() })),
        );
        copies.sort((a, b) => a.order - b.order);
        const killAfter = chance.between(1, copies.length);
        await Promise.all(
          copies.map(async ({ body }, index) => {
            const overSocket = chance.happens(0.5);
            if (index === killAfter) {
              const killed = await server;
              server = killed.kill("SIGKILL").then(() => startServer(quickEnvironment(bench)));
            }
            const answer = await send(token, body, overSocket);
            const id = body.clientMessageId!;
            answers.set(id, [...(answers.get(id) ?? []), answer]);
          }),
        );
      };
      const message = (text: string, place: Record<string, string>) => ({
        clientMessageId: `${text} ${randomUUID()}`,
        message: text,
        ...place,
      });
      await round([0, 1, 2].map((index) => message(`first ${index}`, { projectPath: bench.project })));
      const sessions = [...answers.values()].map(([answer]) => answer!.sessionId);
      expect(new Set(sessions).size).toBe(3);
      await round(
        Array.from({ length: 9 }, (_, index) =>
          message(`later ${index}`, { sessionId: chance.pick(sessions)! }),
        ),
      );

      const { ask } = await server;
      const log = async (): Promise<LoggedEvent[]> =>
        (await ask("GET", "/api/events?after=0&limit=1000")).body.events;
      const ends = async () => (await log()).filter(({ type }) => terminal.test(type));
      await eventually("every end", async () => (await ends()).length >= 12);
      const accepted = (await log()).filter(({ type }) => type === "turn.accepted");
      expect(accepted).toHaveLength(12);
      for (const [clientMessageId, same] of answers) {
        expect(new Set(same.map(({ turnId }) => turnId)).size).toBe(1);
        expect(new Set(same.map(({ sessionId }) => sessionId)).size).toBe(1);
        // None where the first answer died with its server.
        expect(same.filter(({ duplicate }) => !duplicate).length).toBeLessThanOrEqual(1);
        const own = (await ends()).filter(({ turnId }) => turnId === same[0]!.turnId);
        expect([clientMessageId, own.length]).toEqual([clientMessageId, 1]);
      }
      const prompts = promptsGiven(bench);
      expect(new Set(prompts).size).toBe(prompts.length);
      expect(prompts.length).toBeGreaterThan(5);
    },
  );
});
