import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import type { Frame } from "./play/playedServer.ts";
import type { Played } from "./playClient.ts";
import { Verdicts } from "./verdicts.ts";

export interface ServerUnderTest {
  url: string;
  token: string;
  /** A directory inside a project root, for a session; without one only what needs no session is looked at. */
  projectPath?: string;
}

const patienceMs = 30_000;

/** A socket that keeps its frames. */
class Line {
  readonly frames: Frame[] = [];
  code: number | undefined;
  readonly #socket: WebSocket;
  readonly #wakes = new Set<() => void>();

  constructor(url: string, hello: object) {
    this.#socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, ["daylong.v1"], {
      rejectUnauthorized: false,
    });
    this.#socket.on("open", () => this.send(hello));
    this.#socket.on("error", () => {});
    this.#socket.on("message", (data) => {
      this.frames.push(JSON.parse(String(data)) as Frame);
      this.#wake();
    });
    this.#socket.on("close", (code) => {
      this.code = code;
      this.#wake();
    });
  }

  send(frame: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  close(): void {
    this.#socket.terminate();
  }

  async frame(check: (frame: Frame) => boolean): Promise<Frame | undefined> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const found = this.frames.find(check);
      if (found || this.code !== undefined || performance.now() > end) return found;
      await new Promise<void>((done) => {
        const wake = () => {
          clearTimeout(timer);
          this.#wakes.delete(wake);
          done();
        };
        const timer = setTimeout(wake, 250);
        this.#wakes.add(wake);
      });
    }
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}

/** Looks at a server from outside, with a token of the scope chat: what a client of the specification relies on. */
export async function checkServer({ url, token, projectPath }: ServerUnderTest): Promise<Played> {
  const verdicts = new Verdicts();
  const first = new Line(url, { type: "hello", token });
  const welcome = await first.frame(({ type }) => type === "welcome");
  verdicts.that(
    "CONN-1",
    welcome !== undefined &&
      typeof welcome.epoch === "string" &&
      typeof welcome.cursor === "number" &&
      welcome.recovered === true,
    `the first frame was ${JSON.stringify(first.frames[0])}, close code ${first.code}`,
  );
  first.send({ type: "ping", ref: "p" });
  verdicts.that(
    "CONN-7",
    (await first.frame(({ type, ref }) => type === "pong" && ref === "p")) !== undefined,
    "no pong with the ref",
  );

  const stranger = new Line(url, { type: "hello", token: "not-a-token" });
  await stranger.frame(() => false);
  verdicts.same("CONN-5", "close code for a wrong token", stranger.code, 4401);

  const lost = new Line(url, { type: "hello", token, cursor: 1, epoch: randomUUID() });
  const other = await lost.frame(({ type }) => type === "welcome");
  verdicts.that(
    "SYNC-6",
    other?.recovered === false,
    `a hello of another epoch was answered by ${JSON.stringify(other)}`,
  );
  lost.close();

  if (welcome && projectPath !== undefined)
    await checkMessages({ url, token, projectPath }, first, welcome, verdicts);
  first.close();
  return { scenario: "server", checks: verdicts.all, sent: [] };
}

async function checkMessages(
  { url, token, projectPath }: Required<ServerUnderTest>,
  line: Line,
  welcome: Frame,
  verdicts: Verdicts,
): Promise<void> {
  const clientMessageId = randomUUID();
  const message = { type: "send", clientMessageId, projectPath, message: "What is 2+2?" };
  line.send({ ...message, ref: "m1" });
  const accepted = await line.frame(({ ref, type }) => ref === "m1" && type !== "event");
  verdicts.that(
    "SEND-4",
    accepted?.type === "accepted",
    `a message was answered by ${JSON.stringify(accepted)}`,
  );
  if (accepted?.type !== "accepted") return;
  line.send({ ...message, ref: "m2" });
  const again = await line.frame(({ ref }) => ref === "m2");
  verdicts.that(
    "SEND-2",
    again?.duplicate === true && again.turnId === accepted.turnId && again.sessionId === accepted.sessionId,
    `the same id again was answered by ${JSON.stringify(again)}`,
  );
  const isEvent = (type: string) => (frame: Frame) => {
    const event = frame.event as { type?: string; turnId?: string } | undefined;
    return frame.type === "event" && event?.type === type && event.turnId === accepted.turnId;
  };
  const ended = await line.frame(isEvent("turn.completed"));
  verdicts.that("CHAT-3", ended !== undefined, "the turn did not end");
  verdicts.that("CHAT-1", line.frames.some(isEvent("message")), "there was no event with the finished text");
  const cursors = line.frames
    .filter(({ type }) => type === "event")
    .map(({ event }) => (event as { cursor: number }).cursor);
  verdicts.that(
    "SYNC-4",
    cursors.every((cursor, index) => index === 0 || cursor > cursors[index - 1]!),
    `cursors came as ${cursors}`,
  );

  const replay = new Line(url, { type: "hello", token, cursor: welcome.cursor, epoch: welcome.epoch });
  const last = await replay.frame(isEvent("turn.completed"));
  verdicts.that("SYNC-5", last !== undefined, "what was missed did not come again from the cursor");
  const replayed = replay.frames
    .filter(({ type }) => type === "event")
    .map(({ event }) => (event as { cursor: number }).cursor);
  verdicts.that(
    "SYNC-3",
    new Set(replayed).size === replayed.length,
    "an event came twice on one connection",
  );
  replay.close();
}
