import { expect, test } from "@jest/globals";
import { DaylongError } from "../../../server/domain/errors.ts";
import type { SubmitRequest } from "../../../server/pool/port.ts";
import { type Asker, FrameRouter, type FrameRouterParts } from "../../../server/socket/frameRouter.ts";
import type { ClientFrame } from "../../../server/wire/delivery/clientFrames.ts";

const sessionId = "6f1b8f1e-0f51-4d6c-9d5f-0a6f5f0f8b11";
const accepted = {
  sessionId,
  turnId: "t",
  clientMessageId: "m",
  state: "running",
  queuePosition: 0,
  duplicate: false,
  expiresAt: 9,
} as const;

function rig(scope: "read" | "chat" = "chat") {
  const submitted: SubmitRequest[] = [];
  const looked: string[] = [];
  let open = true;
  const pool = {
    submit: (request: SubmitRequest) => {
      submitted.push(request);
      const isChange = request.model !== undefined || request.permissionMode !== undefined;
      return isChange ? Promise.resolve({ ...accepted, state: "queued" }) : accepted;
    },
    session: () => ({ projectPath: "/somewhere" }),
  } as unknown as FrameRouterParts["pool"];
  const resolveProject = async (path: string) => `${path}!`;
  const givenBack: string[] = [];
  const attachments = {
    take: async () => [{ attachmentId: "a", identity: "i", isInline: true }],
    giveBack: (taken: readonly { attachmentId: string }[]) => {
      givenBack.push(...taken.map(({ attachmentId }) => attachmentId));
    },
  };
  const answers = new FrameRouter({
    pool,
    resolveProject,
    attachments,
    acknowledge: (_id, cursor) => cursor,
    noteAck: () => {},
    noteView: (id) => void looked.push(id),
  });
  const asker: Asker = {
    caller: { deviceId: "d", scope },
    isOpen: () => open,
    setPresence: (...presence) => void looked.push(JSON.stringify(presence)),
  };
  const leave = () => {
    open = false;
  };
  const send = (fields: object) =>
    answers.to({ type: "send", clientMessageId: "m", message: "Hi", ...fields } as never, asker);
  return { answers, asker, submitted, leave, send, givenBack, looked };
}

test("D04 a send to a known session reaches the pool in the same tick, and its answer is there in the same tick", () => {
  const { send, submitted } = rig();
  expect(send({ ref: "1", sessionId, projectPath: "/somewhere" })).toEqual({
    type: "accepted",
    ref: "1",
    ...accepted,
  });
  expect(submitted).toEqual([
    {
      caller: { deviceId: "d", scope: "chat" },
      sessionId,
      clientMessageId: "m",
      message: "Hi",
      projectPath: undefined,
    },
  ]);
});

test("S22: a send that wants another model or mode waits for the change, and is answered after it", async () => {
  for (const wish of [{ model: "claude-x" }, { permissionMode: "plan" }]) {
    const { send, submitted } = rig();
    const answer = send({ ref: "1", sessionId, ...wish });
    expect(await answer).toEqual({ type: "accepted", ref: "1", ...accepted, state: "queued" });
    expect(submitted).toMatchObject([{ sessionId, message: "Hi", ...wish }]);
  }
});

test("a new session's path is resolved first, and nothing is submitted for who has gone by then", async () => {
  const { send, submitted, leave } = rig();
  await send({ projectPath: "/p" });
  expect(submitted).toMatchObject([{ projectPath: "/p!" }]);
  const late = send({ projectPath: "/q" });
  leave();
  expect(await late).toBeUndefined();
  expect(submitted).toHaveLength(1);
});

test("S33: the files of a message are given back once it is sent, or when nobody waits for it any more", async () => {
  const { send, givenBack, leave } = rig();
  const attachments = [{ name: "a.txt", mimeType: "text/plain", data: "YWJj" }];
  await send({ sessionId, attachments });
  expect(givenBack).toEqual(["a"]);
  const late = send({ sessionId, attachments });
  leave();
  await late;
  expect(givenBack).toEqual(["a", "a"]);
});

test("ack and presence are answered only if they are asked to be", () => {
  const { answers, asker } = rig();
  const quiet: ClientFrame[] = [
    { type: "ack", cursor: 3 },
    { type: "presence", foreground: true },
  ];
  for (const frame of quiet) {
    expect(answers.to(frame as never, asker)).toBeUndefined();
    expect(answers.to({ ...frame, ref: "r" } as never, asker)).toMatchObject({ type: "result", ref: "r" });
  }
});

test("scopes are looked at before anything else", () => {
  const { send, submitted } = rig("read");
  expect(() => send({ sessionId })).toThrow(DaylongError);
  expect(submitted).toEqual([]);
});

test("D20 a presence says which session is on the screen, and what the device holds of it is read", () => {
  const { answers, asker, looked } = rig();
  answers.to({ type: "presence", foreground: true, sessionId }, asker);
  expect(looked).toEqual([JSON.stringify([true, sessionId]), "d"]);
});
