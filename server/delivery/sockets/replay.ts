import { pause } from "../../domain/deadline.ts";
import type { WelcomeFrame } from "../../domain/delivery/frames.ts";
import { frameText } from "../../domain/delivery/frameText.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import type { DeviceStore, EventStore } from "../../domain/stores/delivery.ts";
import { tooSlowCode } from "./backpressure.ts";
import type { Connection, Connections } from "./connections.ts";
import type { DeltaFeed } from "./liveFeed.ts";
import { ReplayTurns } from "./replayTurns.ts";
import { resumePoint } from "./resumePoint.ts";

/**
 * Events read at once, and characters of them: enough to be quick, few enough to hold the event loop for a few milliseconds
 * only. `ReplayTurns` bounds the pages of all replays together.
 */
const pageSize = 200;
const pageChars = 64 * 1024;
/** A replay fills no more than this; the rest waits until the connection has taken it. */
const windowBytes = 256 * 1024;
/**
 * Look again after this time whether the connection has taken something: soon, for a good network takes a window in less than
 * a millisecond, and then twice as late each time, up to the second number.
 */
const firstDrainPollMs = 1;
const maxDrainPollMs = 10;
/** A connection that takes nothing for this long while its backlog waits is closed. */
const stallMs = 30_000;
/** RFC 6455's registry: service restart. The client comes back and asks anew. */
const comeBackCode = 1012;

export interface ReplayParts {
  events: EventStore;
  devices: Pick<DeviceStore, "get">;
  connections: Connections;
  feed: DeltaFeed;
  clock: Clock;
  log: Log;
}

/** The resume point that a device names when it comes back; `ref` is repeated in the welcome. */
export interface ResumeRequest {
  cursor?: number;
  epoch?: string;
  ref?: string;
}

/**
 * Brings a connection up to the log: welcome, the missed events oldest first, then live.
 *
 * The connection is attached in the same synchronous step in which the log is found exhausted. An event committed
 * before that step was read from the log, one committed after it is announced to the connection: there is no instant at
 * which an event falls between the two, nor one at which it comes twice.
 */
export class Replay {
  readonly #parts: ReplayParts;
  readonly #turns = new ReplayTurns();

  constructor(parts: ReplayParts) {
    this.#parts = parts;
  }

  /** The connection must have been added. Resolves when it is attached or gone; a short backlog takes no tick at all. */
  async resume(connection: Connection, request: ResumeRequest): Promise<void> {
    const { events, devices, connections } = this.#parts;
    const log = { epoch: events.epoch, tip: events.tip(), floor: events.floor() };
    const ackedCursor = devices.get(connection.deviceId)?.ackedCursor ?? null;
    const start = resumePoint({ cursor: request.cursor, epoch: request.epoch, ackedCursor, log });
    const welcome: WelcomeFrame = {
      type: "welcome",
      ref: request.ref,
      deviceId: connection.deviceId,
      epoch: log.epoch,
      cursor: log.tip,
      recovered: start.recovered,
    };
    connections.deliver(connection, frameText(welcome));

    let cursor = start.cursor;
    while (connections.has(connection)) {
      const turn = this.#turns.take(connection.deviceId);
      if (turn !== undefined) {
        await turn;
        if (!connections.has(connection)) return;
      }
      const page = events.framesAfter(cursor, pageSize, pageChars);
      // Retention cut the log meanwhile: the welcome after the next hello says that events are missing.
      if (events.floor() > cursor && page[0]?.cursor !== cursor + 1) {
        connections.drop(connection, comeBackCode, "The history was cut during the replay.");
        return;
      }
      let waited = false;
      this.#turns.spend(
        page.length,
        page.reduce((chars, { text }) => chars + text.length, 0),
      );
      for (const { cursor: at, turnId, text } of page) {
        if (connections.unsentBytes(connection) > windowBytes) {
          waited = true;
          if (!(await this.#drained(connection))) return;
        }
        if (!connections.deliverEvent(connection, text, { cursor: at, turnId })) return;
        cursor = at;
      }
      const isLast = page.length === 0 || cursor >= events.tip();
      if (!waited && isLast && connections.attach(connection, cursor)) {
        this.#sendDrafts(connection);
        return;
      }
    }
  }

  // The drafts leave in the step of the attach, so that the next live delta follows on the text so far.
  #sendDrafts(connection: Connection): void {
    for (const draft of this.#parts.feed.drafts()) this.#parts.connections.sendEphemeral(connection, draft);
  }

  /** False: the connection has gone, or took nothing for too long and was closed. */
  async #drained(connection: Connection): Promise<boolean> {
    const { clock, connections, log } = this.#parts;
    let lowestBytes = connections.unsentBytes(connection);
    let progressAt = clock.monotonic();
    let pollMs = firstDrainPollMs;
    while (connections.unsentBytes(connection) > windowBytes) {
      await pause(clock, pollMs);
      pollMs = Math.min(maxDrainPollMs, 2 * pollMs);
      if (!connections.has(connection)) return false;
      const bufferedBytes = connections.unsentBytes(connection);
      if (bufferedBytes < lowestBytes) {
        lowestBytes = bufferedBytes;
        progressAt = clock.monotonic();
      } else if (clock.monotonic() - progressAt >= stallMs) {
        log.info("replay.stalled", { deviceId: connection.deviceId, bufferedBytes, stallMs });
        connections.drop(connection, tooSlowCode, "Nothing was taken for 30 s: resume by cursor.");
        return false;
      }
    }
    return connections.has(connection);
  }
}
