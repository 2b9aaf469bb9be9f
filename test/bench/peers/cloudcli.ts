import { once } from "node:events";
import { join } from "node:path";
import { WebSocket } from "ws";
import { eventually } from "../../support/server/daylongServer.ts";
import { askJson, freePort, type Peer, PeerProgram, type PeerTiming } from "./peer.ts";

const startMs = 90_000;
const turnMs = 120_000;

/** A web app over the Agent SDK, with a query a message. */
export const cloudcli: Peer = {
  name: "CloudCLI",
  packageName: "@cloudcli-ai/cloudcli",
  async start({ folder, project, environment }) {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const own = Object.assign({}, environment, {
      SERVER_PORT: String(port),
      HOST: "127.0.0.1",
      DATABASE_PATH: join(environment.HOME!, "cloudcli.db"),
    });
    const program = new PeerProgram(join(folder, "node_modules", ".bin", "cloudcli"), [], project, own);
    let socket: WebSocket | undefined;
    const stop = async () => {
      socket?.terminate();
      await program.stop();
    };
    try {
      await eventually(
        "the server",
        () => {
          program.alive();
          return fetch(`${url}/health`).then(
            () => true,
            () => false,
          );
        },
        startMs,
      );
      const credentials = { username: "bench", password: "benchbench" };
      const { token } = await askJson<{ token: string }>(`${url}/api/auth/register`, credentials);
      const open = new WebSocket(`${url.replace("http", "ws")}/ws?token=${token}`);
      socket = open;
      await once(open, "open");
      let sessionId: string | undefined;
      const turn = (content: string, beganAt: number): Promise<PeerTiming> =>
        new Promise((resolve, reject) => {
          let firstWordMs: number | undefined;
          const timer = setTimeout(() => finish(() => reject(new Error("The turn did not end."))), turnMs);
          const finish = (settle: () => void) => {
            clearTimeout(timer);
            open.off("message", listener);
            settle();
          };
          const listener = (data: unknown) => {
            const frame = JSON.parse(String(data)) as { kind?: string; role?: string; sessionId?: string };
            if (frame.sessionId !== sessionId) return;
            if (frame.kind === "stream_delta" || (frame.kind === "text" && frame.role === "assistant"))
              firstWordMs ??= performance.now() - beganAt;
            if (frame.kind === "error" || frame.kind === "protocol_error")
              finish(() => reject(new Error(String(data))));
            if (frame.kind !== "complete" || firstWordMs === undefined) return;
            const seen = { firstWordMs, completedMs: performance.now() - beganAt };
            finish(() => resolve(seen));
          };
          open.on("message", listener);
          const options = { permissionMode: "default" };
          open.send(JSON.stringify({ type: "chat.send", sessionId, content, options }));
        });
      return {
        async begin(message) {
          const beganAt = performance.now();
          const body = { provider: "claude", projectPath: project };
          const { data } = await askJson<{ data: { sessionId: string } }>(
            `${url}/api/providers/sessions`,
            body,
            token,
          );
          sessionId = data.sessionId;
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
