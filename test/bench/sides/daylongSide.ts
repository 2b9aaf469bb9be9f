import { randomUUID } from "node:crypto";
import type { DaylongServer } from "../../support/server/daylongServer.ts";
import { startServer } from "../../support/server/daylongServer.ts";
import { connect, type SocketClient } from "../../support/server/socketClient.ts";
import type { RawTiming } from "./rawCli.ts";

/** A server that lets one client ask as often as a bench does. */
export const unlimited = { REQUESTS_PER_MINUTE: "1000000", MAX_QUEUED_TURNS: "100000" };

export type DaylongTiming = RawTiming & { sessionId: string };

/** Daylong as a phone meets it: a server in a process of its own, and one paired device with an open socket. */
export class DaylongSide {
  readonly server: DaylongServer;
  readonly #socket: SocketClient;

  private constructor(server: DaylongServer, socket: SocketClient) {
    this.server = server;
    this.#socket = socket;
    // One for each turn that runs.
    socket.socket.setMaxListeners(0);
  }

  static async start(environment: Record<string, string>): Promise<DaylongSide> {
    const server = await startServer(Object.assign({ LOG_LEVEL: "info" }, environment, unlimited));
    const { token } = await server.pair("bench");
    return new DaylongSide(server, await connect({ url: `${server.url.replace("http", "ws")}/ws`, token }));
  }

  /** One turn: from the send to the first delta and to `turn.completed`, as a client sees them. */
  async turn(place: Record<string, string>, message = "say: hello there"): Promise<DaylongTiming> {
    const clientMessageId = randomUUID();
    const startedAt = performance.now();
    const seen: { turnId?: string; sessionId?: string; deltaMs?: number } = {};
    const { socket } = this.#socket;
    const endedAt = await new Promise<number>((resolve, reject) => {
      const listen = (data: unknown) => {
        const text = String(data);
        // Which turn it is comes before its deltas; other turns may run on the same socket.
        if (seen.turnId === undefined) {
          if (!text.includes(clientMessageId)) return;
          const frame = JSON.parse(text) as {
            type: string;
            turnId?: string;
            sessionId?: string;
            event?: Ids;
          };
          const { turnId, sessionId } = frame.event ?? frame;
          if (frame.type === "error") return end(() => reject(new Error(text)));
          if (turnId === undefined) return;
          Object.assign(seen, { turnId, sessionId });
          return;
        }
        if (!text.includes(seen.turnId)) return;
        if (text.startsWith('{"type":"delta"')) seen.deltaMs ??= performance.now() - startedAt;
        else if (text.includes('"turn.completed"')) end(() => resolve(performance.now()));
        else if (/"turn\.(failed|interrupted|cancelled)"/.test(text)) end(() => reject(new Error(text)));
      };
      const end = (settle: () => void) => {
        socket.off("message", listen);
        settle();
      };
      socket.on("message", listen);
      this.#socket.send(
        Object.assign({ type: "send", ref: clientMessageId, clientMessageId, message }, place),
      );
    });
    this.#socket.frames.length = 0;
    const { sessionId, deltaMs = Number.NaN } = seen;
    return { firstDeltaMs: deltaMs, completedMs: endedAt - startedAt, endedAt, sessionId: sessionId! };
  }

  async endSession(sessionId: string): Promise<void> {
    await this.server.ask("DELETE", `/api/sessions/${sessionId}`);
  }

  async stop(): Promise<void> {
    this.#socket.frames.length = 0;
    this.#socket.socket.terminate();
    await this.server.kill("SIGTERM");
  }
}

interface Ids {
  turnId?: string;
  sessionId?: string;
}
