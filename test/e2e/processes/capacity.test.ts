import { readlinkSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { childrenOf, sides } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

/** A Mac's server also asks `ps`. */
function isCli(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith("/claude");
  } catch {
    return false;
  }
}

describe.each(sides)("REPORT-23: more conversations than processes, %s", (_name, side) => {
  const scene = useScene({
    every: "file",
    side,
    settings: { MAX_CONCURRENT_SESSIONS: "3", MAX_QUEUED_TURNS: "12" },
  });

  test("S09 S14: twelve sessions on three processes all converse, interleaved, and there are never more than three", async () => {
    const say = async (message: string, place: Record<string, unknown>) => {
      const { status, body } = await scene.server.ask(
        "POST",
        "/api/chat",
        { message, ...place },
        { headers: { prefer: "wait=120" } },
      );
      expect([status, body.state]).toEqual([200, "completed"]);
      return body as { sessionId: string; reply: { text: string } };
    };
    let most: number[] = [];
    const watch = setInterval(() => {
      const now = childrenOf(scene.server.pid).filter(isCli);
      if (now.length > most.length) most = now;
    }, 50);
    try {
      const numbers = Array.from({ length: 12 }, (_, index) => 100 + index);
      const sessions = await Promise.all(
        numbers.map((number) => say(`Remember the number ${number}`, { projectPath: scene.bench.project })),
      );
      const answers = await Promise.all(
        sessions.map(({ sessionId }) => say("What number did I ask you to remember?", { sessionId })),
      );
      expect(answers.map((answer) => answer.reply.text)).toEqual(
        numbers.map((number) => `You asked me to remember ${number}.`),
      );
    } finally {
      clearInterval(watch);
    }
    expect(most.length).toBeLessThanOrEqual(3);
    expect(most.length).toBeGreaterThan(0);
    const { body } = await scene.server.ask("GET", "/api/sessions/active");
    expect(body.stats).toMatchObject({ maxSessions: 3, queuedTurns: 0 });
  });

  test("S14 S21 S27: what a parked session is asked while the places are full of idle ones, it is woken for", async () => {
    const active = await scene.server.ask("GET", "/api/sessions/active");
    expect(active.body.stats.availableSlots).toBe(0);
    const { body } = await scene.server.ask("GET", "/api/sessions?state=parked");
    const [{ sessionId }, { sessionId: other }] = body.sessions;
    const context = await scene.server.ask("GET", `/api/sessions/${sessionId}/context`);
    expect([context.status, context.body.totalTokens > 0]).toEqual([200, true]);
    const said = await scene.server.ask("GET", `/api/sessions/${other}/events?after=0`);
    const messageId = said.body.events.findLast(({ type }: { type: string }) => type === "turn.completed")
      .data.messageId;
    const rewound = await scene.server.ask("POST", `/api/sessions/${other}/rewind`, {
      messageId,
      dryRun: true,
    });
    expect([rewound.status, rewound.body.canRewind]).toEqual([200, true]);
    expect(childrenOf(scene.server.pid).length).toBeLessThanOrEqual(3);
  });

  test("S09: when the queue itself is full, a message is refused with pool_full and Retry-After", async () => {
    const busy = await Promise.all(
      // Three run and twelve wait, also where the last of them come when the first have long begun; none ends meanwhile.
      Array.from({ length: 20 }, () =>
        scene.server.ask("POST", "/api/chat", { message: "slow: 60", projectPath: scene.bench.project }),
      ),
    );
    const refused = busy.filter((answer) => answer.status === 503);
    expect(busy.filter((answer) => answer.status === 202).length + refused.length).toBe(20);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.body.code).toBe("pool_full");
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    const { body } = await scene.server.ask("POST", "/api/sessions/cancel", {});
    const accepted = busy.flatMap((answer) => (answer.status === 202 ? [answer.body.sessionId] : []));
    expect(body.cancelled).toEqual(expect.arrayContaining(accepted));
  });
});
