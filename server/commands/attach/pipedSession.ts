import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { type DaylongClient, type Session, type Turn, TurnFailed } from "../../../client/src/index.ts";
import { jsonLine, shownText } from "../framework/output.ts";

export interface PipedParts {
  client: DaylongClient;
  session: Session;
  input: Readable;
  output: Pick<Writable, "write">;
  /** What is not Claude's: questions that wait for another device. */
  remarks: Pick<Writable, "write">;
  json: boolean;
}

/**
 * A session without a terminal: messages come from a pipe, replies go to one. `once`: the whole input is one message; else
 * each line is. Questions of Claude's are for the owner's other devices. False: a message was not answered.
 */
export async function runPiped(parts: PipedParts, once: boolean): Promise<boolean> {
  const { client, session, input } = parts;
  const unsubscribe = client.onEvent((event) => {
    if (event.sessionId !== session.sessionId || event.type !== "permission.requested") return;
    parts.remarks.write(
      `Claude asks, and waits for an answer on another device: ${shownText(event.data.title)}\n`,
    );
  });
  const handle = client.session(session.sessionId);
  try {
    if (once) {
      const message = (await textOf(input)).trimEnd();
      if (message.trim() === "") throw new Error("There is no message: nothing came from standard input.");
      return await printReply(parts, handle.send(message));
    }
    const outcomes: boolean[] = [];
    for await (const line of createInterface({ input }))
      if (line.trim() !== "") outcomes.push(await printReply(parts, handle.send(line)));
    return !outcomes.includes(false);
  } finally {
    unsubscribe();
  }
}

/** Words go out as they come; with `json`, the reply when it is whole. */
async function printReply({ output, remarks, json }: PipedParts, turn: Turn): Promise<boolean> {
  try {
    if (json) {
      output.write(`${jsonLine(await turn.reply())}\n`);
      return true;
    }
    const words = new ShownWords();
    for await (const piece of turn.text()) output.write(words.take(piece));
    output.write(`${words.rest()}\n`);
    return true;
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof TurnFailed ? ` (${error.code})` : "";
    remarks.write(`daylong: The message was not answered${code}: ${shownText(message)}\n`);
    return false;
  }
}

/** Text in pieces, made harmless. A character that a piece may have cut in two, or a picture of several, waits for the next piece. */
class ShownWords {
  #held = "";

  take(piece: string): string {
    const text = this.#held + piece;
    const whole = /^[\s\S]*[\x20-\x7e\n]/.exec(text)?.[0] ?? "";
    this.#held = text.slice(whole.length);
    return shownText(whole);
  }

  rest(): string {
    const rest = shownText(this.#held);
    this.#held = "";
    return rest;
  }
}
