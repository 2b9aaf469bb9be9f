import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { eventually } from "../../support/server/daylongServer.ts";
import { askJson, eventsOf, freePort, type Peer, PeerProgram, type PeerTiming } from "./peer.ts";

const startMs = 60_000;
const turnMs = 120_000;

/** A hub with a web app, and a program a conversation that drives the CLI for it. */
export const hapi: Peer = {
  name: "HAPI",
  packageName: "@twsxtd/hapi",
  async start({ folder, project, environment }) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const accessToken = randomUUID();
    const own = Object.assign({}, environment, {
      HAPI_HOME: join(environment.HOME!, ".hapi"),
      HAPI_LISTEN_HOST: "127.0.0.1",
      HAPI_LISTEN_PORT: String(port),
      HAPI_API_URL: url,
      CLI_API_TOKEN: accessToken,
    });
    const program = join(folder, "node_modules", ".bin", "hapi");
    const hub = new PeerProgram(program, ["hub", "--no-relay"], project, own);
    let conversation: { program: PeerProgram; sessionId: string } | undefined;
    const over = new AbortController();
    const stop = async () => {
      over.abort();
      await conversation?.program.stop();
      await hub.stop();
    };
    try {
      await eventually(
        "the hub",
        () => {
          hub.alive();
          return fetch(`${url}/health`).then(
            ({ ok }) => ok,
            () => false,
          );
        },
        startMs,
      );
      const { token } = await askJson<{ token: string }>(`${url}/api/auth`, { accessToken });
      const heard = new Set<(data: string) => void>();
      const stream = await fetch(`${url}/api/events?all=true&token=${token}`, { signal: over.signal });
      const hear = async () => {
        for await (const data of eventsOf(stream)) for (const listener of heard) listener(data);
      };
      // It ends with the abort of the stop.
      hear().catch(() => undefined);

      const turn = async (text: string, beganAt: number): Promise<PeerTiming> => {
        const { sessionId } = conversation!;
        const timing = new Promise<PeerTiming>((resolve, reject) => {
          let firstWordMs: number | undefined;
          const timer = setTimeout(() => finish(() => reject(new Error("The turn did not end."))), turnMs);
          const finish = (settle: () => void) => {
            clearTimeout(timer);
            heard.delete(listener);
            settle();
          };
          const listener = (data: string) => {
            if (!data.includes('"message-received"') || !data.includes('"role":"agent"')) return;
            if (!data.includes(sessionId)) return;
            const isEnd = data.includes('"type":"event","data":{"type":"ready"}');
            // Its messages are whole: the first word comes with the last. The CLI's echo of the prompt is none.
            if (!isEnd && data.includes('"type":"assistant"')) firstWordMs ??= performance.now() - beganAt;
            if (!isEnd || firstWordMs === undefined) return;
            const completedMs = performance.now() - beganAt;
            const seen = { firstWordMs, completedMs };
            finish(() => resolve(seen));
          };
          heard.add(listener);
        });
        await askJson(`${url}/api/sessions/${sessionId}/messages`, { text, localId: randomUUID() }, token);
        return timing;
      };
      const active = async () => {
        const answer = await askJson<{ sessions: Array<{ id: string; active: boolean }> }>(
          `${url}/api/sessions`,
          undefined,
          token,
        );
        return answer.sessions.filter((one) => one.active).map(({ id }) => id);
      };
      return {
        async begin(message) {
          await conversation?.program.stop();
          const before = new Set(await active());
          const beganAt = performance.now();
          const started = new PeerProgram(
            program,
            ["claude", "--hapi-starting-mode", "remote", "--yolo"],
            project,
            own,
          );
          const sessionId = await eventually(
            "the session",
            async () => {
              started.alive();
              return (await active()).find((id) => !before.has(id));
            },
            startMs,
          );
          conversation = { program: started, sessionId };
          return turn(message, beganAt);
        },
        goOn: (message) => turn(message, performance.now()),
        stop,
      };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
