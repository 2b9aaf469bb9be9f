import { afterEach, beforeEach } from "@jest/globals";
import { DaylongClient } from "../../../client/src/client.ts";
import type { ClientFrame, DaylongEvent, ServerFrame } from "../../../client/src/connection/protocol.ts";
import type { ClientOptions } from "../../../client/src/options.ts";
import { type KeptStore, memoryStore, type SocketLike } from "../../../client/src/ports.ts";
import { ManualClock } from "../../support/manualClock.ts";

type Heard = { data: unknown } & { code: number; reason: string };

/** A socket of which the test is the other end. */
export class ScriptedSocket implements SocketLike {
  readonly url: string;
  readonly protocols: string[];
  readonly sent: ClientFrame[] = [];
  /** As a browser counts: 1 is open, 2 closing. */
  readyState = 1;
  closed: { code?: number; reason?: string } | undefined;
  readonly #listeners = new Map<string, Array<(event: Heard) => void>>();

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(code?: number, reason?: string): void {
    this.closed ??= { code, reason };
  }

  addEventListener(type: string, listener: (event: Heard) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  #emit(type: string, event: Partial<Heard>): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as Heard);
  }

  /** The server takes the connection and greets. */
  welcome(welcome: Partial<Extract<ServerFrame, { type: "welcome" }>> = {}): void {
    this.#emit("open", {});
    this.say({ type: "welcome", deviceId: "d", epoch: "e1", cursor: 10, recovered: true, ...welcome });
  }

  say(frame: ServerFrame): void {
    this.#emit("message", { data: JSON.stringify(frame) });
  }

  raw(text: string): void {
    this.#emit("message", { data: text });
  }

  end(code: number, reason = ""): void {
    this.#emit("close", { code, reason });
  }

  of<T extends ClientFrame["type"]>(type: T): Array<Extract<ClientFrame, { type: T }>> {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }
}

export interface ClientRig {
  clock: ManualClock;
  store: KeptStore;
  client: DaylongClient;
  sockets: ScriptedSocket[];
  /** What the REST face answers, by method and path; a number is a status. */
  answers: Map<string, unknown>;
  asked: string[];
  faults: unknown[];
  states: string[];
  /** The socket in use. */
  socket(): ScriptedSocket;
  /** Another client over the same store, as after a restart of the program. */
  restart(): void;
  /** Starts, and is greeted. */
  online(welcome?: Parameters<ScriptedSocket["welcome"]>[0]): Promise<ScriptedSocket>;
}

/** Gives each test a client whose server is the test; the clock stands until it is moved. */
export function useClientRig(): ClientRig {
  const rig = {} as ClientRig;
  rig.restart = () => {
    const options: ClientOptions = {
      url: "http://server.test/",
      token: "token",
      store: rig.store,
      clock: rig.clock,
      random: () => 1,
      WebSocket: class extends ScriptedSocket {
        constructor(url: string, protocols: string[]) {
          super(url, protocols);
          rig.sockets.push(this);
        }
      },
      fetch: async (input, init) => {
        const key = `${init?.method ?? "GET"} ${String(input).replace("http://server.test", "")}`;
        rig.asked.push(key);
        const answer = rig.answers.get(key);
        if (answer instanceof Error) throw answer;
        return typeof answer === "number"
          ? Response.json({ code: "refused", detail: "No.", status: answer }, { status: answer })
          : Response.json(answer ?? {});
      },
      onFault: (error) => rig.faults.push(error),
    };
    rig.client = new DaylongClient(options);
    rig.client.onState((state) => rig.states.push(state));
  };
  beforeEach(() => {
    rig.clock = new ManualClock();
    rig.store = memoryStore();
    rig.sockets = [];
    rig.answers = new Map<string, unknown>([
      ["GET /api/events?limit=1", { epoch: "e1", cursor: 10, events: [] }],
    ]);
    rig.asked = [];
    rig.faults = [];
    rig.states = [];
    rig.restart();
  });
  afterEach(() => rig.client.stop());
  rig.socket = () => rig.sockets.at(-1)!;
  rig.online = async (welcome) => {
    rig.client.start();
    await rig.clock.settle();
    rig.socket().welcome(welcome);
    await rig.clock.settle();
    return rig.socket();
  };
  return rig;
}

/** An event of the log, a finished text unless said otherwise. */
export const anEvent = (cursor: number, event: Partial<DaylongEvent> = {}): DaylongEvent =>
  ({
    cursor,
    sessionId: "s",
    seq: cursor,
    type: "message",
    at: 1_000 + cursor,
    turnId: "t",
    data: { messageId: `m${cursor}`, text: `text ${cursor}` },
    ...event,
  }) as DaylongEvent;
