import type { MessageAttachments } from "../access/messageAttachments.ts";
import { type Caller, type Scope, scopeAllows } from "../domain/delivery/device.ts";
import { DaylongError } from "../domain/errors.ts";
import type { MessageAttachment } from "../domain/sessions/attachment.ts";
import { refuseOtherProject } from "../domain/sessions/session.ts";
import type { Accepted, SessionPool, SubmitRequest } from "../pool/port.ts";
import type {
  AcceptedFrame,
  ClientFrame,
  PongFrame,
  ResultFrame,
  ServerFrame,
} from "../wire/delivery/clientFrames.ts";
import { maxMessageBytes } from "../wire/sessions/chat.ts";

export interface FrameRouterParts {
  pool: Pick<SessionPool, "submit" | "answerPermission" | "interrupt" | "keepAlive" | "recap" | "session">;
  /** Resolves a project path and checks it against the roots. */
  resolveProject(path: string): Promise<string>;
  attachments: Pick<MessageAttachments, "take" | "giveBack">;
  /** Settles what the device holds; the cursor in force. */
  acknowledge(deviceId: string, cursor: number): number;
  /** The same, a moment later: for an ack that wants no answer. */
  noteAck(deviceId: string, cursor: number): void;
  /** The device has another session on its screen. */
  noteView(deviceId: string): void;
}

/** The device that sent a frame, and whether its socket can still take the answer to a frame that took time. */
export interface Asker {
  readonly caller: Caller;
  /** False once the connection was closed, by the revocation of the device, say. */
  isOpen(): boolean;
  setPresence(foreground: boolean, sessionInView: string | undefined): void;
}

type Answer = ServerFrame | undefined;
type OrderFrame = Exclude<ClientFrame, { type: "hello" }>;

/** The scope that each order needs; looking is open to every device. */
const scopeByType: Partial<Record<OrderFrame["type"], Scope>> = {
  send: "chat",
  permission: "chat",
  interrupt: "chat",
  keepalive: "chat",
};

/**
 * Routes client frames to the pool, and makes the pool's results the frames that answer. Knows nothing of sockets.
 * Answers a frame in the same tick if it can: a `send` reaches the pool in the tick in which it arrived. Throws, or
 * rejects with, a DaylongError for a refusal.
 */
export class FrameRouter {
  readonly #parts: FrameRouterParts;

  constructor(parts: FrameRouterParts) {
    this.#parts = parts;
  }

  to(frame: OrderFrame, asker: Asker): Answer | Promise<Answer> {
    const needs = scopeByType[frame.type];
    if (needs && !scopeAllows(asker.caller.scope, needs)) {
      throw new DaylongError(
        "scope_forbidden",
        `The frame ${frame.type} needs the scope ${needs}; the token has ${asker.caller.scope}.`,
      );
    }
    switch (frame.type) {
      case "send":
        return this.#send(frame, asker);
      case "ack": {
        const { deviceId } = asker.caller;
        if (frame.ref !== undefined) {
          return { type: "result", ref: frame.ref, cursor: this.#parts.acknowledge(deviceId, frame.cursor) };
        }
        this.#parts.noteAck(deviceId, frame.cursor);
        return undefined;
      }
      case "permission":
        return this.#permission(frame, asker.caller);
      case "interrupt":
        return this.#interrupt(frame, asker.caller);
      case "keepalive":
        return this.#keepAlive(frame, asker.caller);
      case "presence":
        asker.setPresence(frame.foreground, frame.sessionId);
        this.#parts.noteView(asker.caller.deviceId);
        return resultIfAsked(frame.ref, { foreground: frame.foreground });
      case "ping": {
        const pong: PongFrame = { type: "pong", ref: frame.ref };
        return pong;
      }
      default: {
        const unknown: never = frame;
        throw new Error(`No answer for the frame ${JSON.stringify(unknown)}.`);
      }
    }
  }

  #send(frame: Extract<ClientFrame, { type: "send" }>, asker: Asker): Answer | Promise<Answer> {
    const { type: _type, ref: _ref, attachments, projectPath, ...message } = frame;
    const sizeBytes = Buffer.byteLength(message.message);
    if (sizeBytes > maxMessageBytes) {
      throw new DaylongError(
        "message_too_large",
        `The message has ${sizeBytes} bytes; ${maxMessageBytes} are allowed. Put long text into a file of the project.`,
      );
    }
    const { pool } = this.#parts;
    const requestOf = (resolvedPath?: string, taken?: MessageAttachment[]): SubmitRequest => ({
      caller: asker.caller,
      ...message,
      projectPath: resolvedPath,
      attachments: taken,
    });
    const told = (accepted: Accepted): AcceptedFrame => {
      const { sessionId, turnId, clientMessageId, state, queuePosition, duplicate, expiresAt } = accepted;
      return {
        type: "accepted",
        ref: frame.ref,
        sessionId,
        turnId,
        clientMessageId,
        state,
        queuePosition,
        duplicate,
        expiresAt,
      };
    };
    // Of a known session the directory is known too: only a new one, or another one, has to be looked at.
    const isKnown =
      frame.sessionId !== undefined &&
      (projectPath === undefined || projectPath === pool.session(frame.sessionId).projectPath);
    const newPath = isKnown ? undefined : projectPath;
    if (newPath === undefined && !attachments?.length) {
      const accepted = pool.submit(requestOf());
      return accepted instanceof Promise ? accepted.then(told) : told(accepted);
    }
    return this.#readied(frame, newPath, asker, async (resolvedPath, taken) =>
      told(await pool.submit(requestOf(resolvedPath, taken))),
    );
  }

  async #readied(
    frame: Extract<ClientFrame, { type: "send" }>,
    newPath: string | undefined,
    asker: Asker,
    submit: (resolvedPath: string | undefined, taken: MessageAttachment[]) => Promise<AcceptedFrame>,
  ): Promise<Answer> {
    const { resolveProject, attachments, pool } = this.#parts;
    const { sessionId } = frame;
    let resolvedPath: string | undefined;
    if (newPath !== undefined && sessionId !== undefined)
      await refuseOtherProject(pool.session(sessionId), newPath, resolveProject);
    else if (newPath !== undefined) resolvedPath = await resolveProject(newPath);
    const taken = await attachments.take(frame.attachments ?? [], asker.caller, frame.clientMessageId);
    try {
      return asker.isOpen() ? await submit(resolvedPath, taken) : undefined;
    } finally {
      attachments.giveBack(taken);
    }
  }

  #permission(frame: Extract<ClientFrame, { type: "permission" }>, caller: Caller): ResultFrame {
    const { type: _type, ref, permissionId, ...decision } = frame;
    return { type: "result", ref, ...this.#parts.pool.answerPermission(permissionId, decision, caller) };
  }

  async #interrupt(frame: Extract<ClientFrame, { type: "interrupt" }>, caller: Caller): Promise<ResultFrame> {
    const outcome = await this.#parts.pool.interrupt(frame.sessionId, frame.turnId, caller);
    return { type: "result", ref: frame.ref, sessionId: frame.sessionId, ...outcome };
  }

  #keepAlive(
    frame: Extract<ClientFrame, { type: "keepalive" }>,
    caller: Caller,
  ): ResultFrame | Promise<ResultFrame> {
    const { pool } = this.#parts;
    const { ref, sessionId } = frame;
    const extend = (rest: object = {}): ResultFrame => {
      const { expiresAt } = pool.keepAlive(sessionId, caller).lease;
      return { type: "result", ref, success: true, sessionId, extended: true, expiresAt, ...rest };
    };
    return frame.action === "extend" ? extend() : pool.recap(sessionId).then((recap) => extend({ recap }));
  }
}

const resultIfAsked = (ref: string | undefined, fields: object): Answer =>
  ref === undefined ? undefined : { type: "result", ref, ...fields };
