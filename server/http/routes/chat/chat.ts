import { z } from "zod";
import type { TakenAttachment } from "../../../access/messageAttachments.ts";
import type { Caller } from "../../../domain/delivery/device.ts";
import { DaylongError } from "../../../domain/errors.ts";
import { refuseOtherProject } from "../../../domain/sessions/session.ts";
import type { Turn } from "../../../domain/sessions/turn.ts";
import { isTerminal } from "../../../domain/sessions/turn.ts";
import type { Accepted, SubmitRequest } from "../../../pool/port.ts";
import { apnsTokenSchema } from "../../../wire/delivery/devices.ts";
import { anyIdSchema } from "../../../wire/ids.ts";
import {
  acceptedSchema,
  finishedSchema,
  maxMessageBytes,
  messageFields,
  sessionIdSchema,
} from "../../../wire/sessions/chat.ts";
import type { HttpDependencies } from "../../dependencies.ts";
import { waitWhilePaired } from "../../framework/authorise.ts";
import { errorSets } from "../../framework/errorSets.ts";
import { longestWaitSeconds, preferredWaitSeconds, prefersTasks } from "../../framework/preferHeader.ts";
import { invalidRequest } from "../../framework/problem.ts";
import { defineRoute, json, type Route } from "../../framework/route.ts";

/** Longest `Prefer: wait` that is honoured (docs/api.md, Chat). */
const maxWaitSeconds = 300;
/** Room for a message and 5 MB of attachments in base64. */
const maxChatBodyBytes = 8 * 1024 * 1024;

const chatSchema = z.object({
  ...messageFields,
  deviceToken: z.string().max(1_000).optional().meta({
    description:
      "The caller's APNs token, registered when the message is accepted; one that cannot be Apple's is left, and pushWarning says so.",
  }),
});

type SubmitPlace = Pick<SubmitRequest, "sessionId" | "projectPath">;

/** The end of a turn as the waiting client is told; a turn that failed was still answered in time. */
const outcomeOf = (turn: Turn) => ({
  state: turn.state,
  ...(turn.reply === undefined ? {} : { reply: turn.reply }),
  ...(turn.error === undefined ? {} : { error: { code: turn.error.code, detail: turn.error.detail } }),
});

/** Messages to Claude. */
export function chatRoutes(parts: HttpDependencies): Route[] {
  const { pool, access, clock, attachments: files, pushRegistration, deliveryMethods } = parts;
  return [
    defineRoute({
      method: "POST",
      path: "/api/chat",
      scope: "chat",
      summary:
        "Send a message; 202 when it is kept, 200 with the reply under Prefer: wait=SECONDS. " +
        "With a `sessionId`, `model` and `permissionMode` change the session first, as PATCH does: at once, for this turn and later ones.",
      body: chatSchema,
      headers: {
        Prefer: `wait=SECONDS (at most ${maxWaitSeconds}, through a proxy 50): answer when the turn has ended, if it does in time. wait=SECONDS, tasks: when none of the tasks that it began runs any more either.`,
      },
      refusals: [
        ...errorSets.project,
        ...errorSets.openSession,
        ...errorSets.message,
        // Claude does not answer the change of its model or mode.
        "session_busy",
      ],
      response: { 200: finishedSchema, 202: acceptedSchema },
      maxBodyBytes: maxChatBodyBytes,
      async handle({ body, caller, requestId, header, isForwarded, gone }) {
        const { deviceToken, attachments, ...message } = body;
        const messageBytes = Buffer.byteLength(message.message);
        if (messageBytes > maxMessageBytes) {
          throw new DaylongError(
            "message_too_large",
            `The message has ${messageBytes} bytes of UTF-8; ${maxMessageBytes} is the most.`,
          );
        }
        const projectPath = await placeOf(message);
        const taken = await files.take(attachments ?? [], caller, message.clientMessageId);
        const accepted = await submit({ ...message, projectPath, caller, attachments: taken });
        // Of an accepted message only. A failure of it fails no more than the pushes: the message is kept.
        const pushWarning =
          deviceToken === undefined ? undefined : registerToken(deviceToken, caller, accepted.duplicate);
        const answer = {
          success: true,
          ...accepted,
          requestId,
          deliveryMethod: deliveryMethods(caller.deviceId),
          pushWarning,
        };
        const waitSeconds = preferredWaitSeconds(
          header("prefer"),
          longestWaitSeconds(isForwarded, maxWaitSeconds),
        );
        if (waitSeconds === undefined) return json(answer, 202);
        const isTasksToo = prefersTasks(header("prefer"));
        const applied = { "Preference-Applied": `wait=${waitSeconds}${isTasksToo ? ", tasks" : ""}` };
        const waitMs = waitSeconds * 1_000;
        const endAt = clock.now() + waitMs;
        const followed = isTasksToo ? pool.followTasks(accepted.sessionId, accepted.turnId) : undefined;
        try {
          const { turn, own } = await waitWhilePaired({ access, caller, gone }, async (over) => {
            const turn = await pool.waitForTurn(accepted.turnId, waitMs, over);
            const own = isTerminal(turn.state)
              ? await followed?.ownTurns(endAt - clock.now(), over)
              : undefined;
            return { turn, own };
          });
          if (!isTerminal(turn.state)) return json({ ...answer, state: turn.state }, 202, applied);
          const ownTurns = own?.flatMap(({ turnId, reply }) =>
            reply === undefined ? [] : [{ turnId, reply }],
          );
          return json({ ...answer, queuePosition: 0, ...outcomeOf(turn), ownTurns }, 200, applied);
        } finally {
          followed?.close();
        }
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/chat/interrupt",
      scope: "chat",
      summary: "Stop the running turn of a session.",
      body: z.object({ sessionId: sessionIdSchema, turnId: anyIdSchema.optional() }),
      refusals: [...errorSets.turn, "nothing_running"],
      response: z.object({ interrupted: z.boolean(), turnId: z.string() }),
      handle: async ({ body, caller }) => json(await pool.interrupt(body.sessionId, body.turnId, caller)),
    }),
  ];

  async function submit(request: SubmitRequest & { attachments: TakenAttachment[] }): Promise<Accepted> {
    try {
      return await pool.submit(request);
    } finally {
      files.giveBack(request.attachments);
    }
  }

  /** The directory in which the message begins a session; a session stays where it was made. */
  async function placeOf({ sessionId, projectPath }: SubmitPlace): Promise<string | undefined> {
    const resolve = (path: string) => access.resolveProject(path);
    if (sessionId === undefined) {
      if (projectPath !== undefined) return resolve(projectPath);
      throw invalidRequest([{ path: "projectPath", message: "is required without a sessionId" }]);
    }
    if (projectPath !== undefined) await refuseOtherProject(pool.session(sessionId), projectPath, resolve);
    return undefined;
  }

  /** Registers the caller's APNs token; why that could not be, otherwise. */
  function registerToken(deviceToken: string, caller: Caller, isRepeat: boolean): string | undefined {
    const token = apnsTokenSchema.safeParse(deviceToken);
    if (!token.success)
      return "The deviceToken is not registered: it is not the hexadecimal token that Apple gives to an app.";
    try {
      // A repeat may be late: the app has registered a newer token since.
      if (!isRepeat) pushRegistration.register(caller.deviceId, { token: token.data }, caller);
      return undefined;
    } catch (error) {
      if (error instanceof DaylongError) return `The deviceToken is not registered: ${error.message}`;
      throw error;
    }
  }
}
