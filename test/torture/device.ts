import { WebSocket } from "ws";
import { type LoggedEvent, terminalTurnEvents } from "../../server/domain/delivery/event.ts";
import { pause } from "../support/pause.ts";
import type { DaylongServer } from "../support/server/daylongServer.ts";
import type { ReceivedFrame } from "../support/server/socketClient.ts";
import type { Sightings } from "./sightings.ts";

/**
 * How a device lives. `acking`: a socket, and acks now and then. `silent`: a socket that never acks, so that everything is
 * pushed too. `forgetful`: a socket that goes by the server's memory of its acks and throws doubles away. `polling`: the
 * long poll. `away`: nothing but what it sends.
 */
export type DeviceHabit = "acking" | "silent" | "forgetful" | "polling" | "away";

export interface DeviceParts {
  /** The server that runs now; waits while there is none, and rejects when it died at its start. */
  server: () => Promise<DaylongServer>;
  token: string;
  epoch: string;
  habit: DeviceHabit;
  sightings: Sightings;
  onEnd?: (turnId: string) => void;
}

const answerWithinMs = 10_000;

/** An installed app that comes back after every cut, and counts what it should not see. */
export class TortureDevice {
  readonly #parts: DeviceParts;
  readonly #waiting = new Map<string, (frame: ReceivedFrame | undefined) => void>();
  #cursor = 0;
  #socket: WebSocket | undefined;
  #live = false;
  #open = true;
  #hasAcked = false;
  #life: Promise<void> | undefined;
  /** Events with some missing before them, and events that were sent again although the device had said its cursor. */
  gaps = 0;
  doubles = 0;
  /** Welcomes and polls that said that something is missing: nothing ever is, in this run. */
  losses = 0;
  comebacks = 0;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
  }

  get habit(): DeviceHabit {
    return this.#parts.habit;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get hasSocket(): boolean {
    return this.#live;
  }

  start(): void {
    if (this.habit !== "away") this.#life ??= this.#liveByHabit();
  }

  /** From now on the device reads the log from `cursor`, by a socket, whatever it did before. */
  async readFrom(cursor: number): Promise<void> {
    await this.stop();
    this.#open = true;
    this.#cursor = cursor;
    this.#life = this.#liveOn(() => this.#readSocket(true));
  }

  async stop(): Promise<void> {
    this.#open = false;
    this.#socket?.terminate();
    await this.#life;
    this.#life = undefined;
  }

  /** The answer to a frame, or `undefined` when none came before the socket was cut. */
  ask(ref: string, frame: Record<string, unknown>): Promise<ReceivedFrame | undefined> {
    if (!this.#live) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(undefined), answerWithinMs);
      const finish = (answer: ReceivedFrame | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(ref);
        resolve(answer);
      };
      this.#waiting.set(ref, finish);
      this.#say({ ...frame, ref });
    });
  }

  #liveByHabit(): Promise<void> {
    return this.#liveOn(() => (this.habit === "polling" ? this.#poll() : this.#readSocket(false)));
  }

  async #liveOn(oneLife: () => Promise<void>): Promise<void> {
    while (this.#open) {
      try {
        await oneLife();
      } catch {
        // A server that died under the request, or at its start.
      }
      this.comebacks += 1;
      if (this.#open) await pause(20);
    }
  }

  /** One socket, from its hello to its end. */
  async #readSocket(always: boolean): Promise<void> {
    const { url } = await this.#parts.server();
    const { token, epoch, habit } = this.#parts;
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, ["daylong.v1"], { maxPayload: 0 });
    this.#socket = socket;
    // Forgetful, but only once the server has its ack: a device that never acked starts at the tip.
    const cursor = habit === "forgetful" && !always && this.#hasAcked ? undefined : this.#cursor;
    await new Promise<void>((resolve) => {
      socket.on("open", () => this.#say({ type: "hello", token, cursor, epoch }));
      socket.on("message", (data) => {
        const frame = JSON.parse(data.toString()) as ReceivedFrame;
        if (frame.type === "welcome") {
          this.#live = true;
          if (frame.recovered !== true) this.losses += 1;
          if (habit === "forgetful") this.#say({ type: "ack", ref: "first", cursor: this.#cursor });
        } else if (frame.event !== undefined) {
          this.#hear(frame.event, cursor === undefined);
        } else if (frame.ref === "first") {
          this.#hasAcked = true;
        } else if (frame.ref !== undefined) {
          this.#waiting.get(frame.ref)?.(frame);
        }
      });
      socket.on("error", () => {});
      socket.on("close", () => resolve());
    });
    this.#live = false;
    for (const finish of this.#waiting.values()) finish(undefined);
  }

  async #poll(): Promise<void> {
    const { ask } = await this.#parts.server();
    const { token, epoch } = this.#parts;
    const path = `/api/events?after=${this.#cursor}&epoch=${epoch}&limit=1000&wait=5`;
    const { status, body } = await ask("GET", path, undefined, { token });
    if (status !== 200) return;
    if (body.recovered !== true) this.losses += 1;
    for (const event of body.events as LoggedEvent[]) this.#hear(event, false);
  }

  #hear(event: LoggedEvent, mayRepeat: boolean): void {
    const { habit, sightings, onEnd } = this.#parts;
    sightings.note(event);
    if (event.cursor <= this.#cursor) {
      // Whoever goes by its acks is sent again what it has not acked.
      if (!mayRepeat) this.doubles += 1;
      return;
    }
    if (event.cursor !== this.#cursor + 1) this.gaps += 1;
    this.#cursor = event.cursor;
    if (habit !== "silent" && event.cursor % 25 === 0) this.#say({ type: "ack", cursor: event.cursor });
    if (event.turnId !== undefined && terminalTurnEvents.has(event.type)) onEnd?.(event.turnId);
  }

  #say(frame: Record<string, unknown>): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}
