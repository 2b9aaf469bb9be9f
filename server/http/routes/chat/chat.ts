import { z } from "zod";
import type { TakenAttachment } from "../../../access/messageAttachments.ts";
import { DaylongError } from "../../../domain/errors.ts";
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

const chatSchema = z.object({ ...messageFields, deviceToken: apnsTokenSchema.optional() });

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
        ...errorSets.pushTarget,
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
        // A session stays where it was made: the path of a request that names a session says nothing.
        const projectPath =
          message.sessionId === undefined ? await newSessionPath(message.projectPath) : undefined;
        // Before the message is kept: a failure after it would tell the client to send it again.
        if (deviceToken !== undefined)
          pushRegistration.register(caller.deviceId, { token: deviceToken }, caller);
        const taken = await files.take(attachments ?? [], caller, message.clientMessageId);
        const accepted = await submit({ ...message, projectPath, caller, attachments: taken });
        const answer = {
          success: true,
          ...accepted,
          requestId,
          deliveryMethod: deliveryMethods(caller.deviceId),
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

  async function newSessionPath(projectPath: string | undefined): Promise<string> {
    if (projectPath === undefined) {
      throw invalidRequest([{ path: "projectPath", message: "is required without a sessionId" }]);
    }
    return access.resolveProject(projectPath);
  }
}
