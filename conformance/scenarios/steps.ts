import { randomUUID } from "node:crypto";
import type { Stage } from "../scenario.ts";

/** A message in a new session and its reply; gives the ids. */
export async function send(
  { server, client, until }: Pick<Stage, "server" | "client" | "until">,
  message: string,
  reply?: string,
  sessionId?: string,
): Promise<{ clientMessageId: string; sessionId: string; turnId: string }> {
  const clientMessageId = randomUUID();
  client.tell({
    do: "send",
    clientMessageId,
    message,
    ...(sessionId === undefined ? { projectPath: "/home/owner/project" } : { sessionId }),
  });
  const accepted = () => server.accepted.find((one) => one.clientMessageId === clientMessageId);
  await until(`the message "${message}" comes`, () => accepted() !== undefined);
  const turn = accepted()!;
  if (reply !== undefined) server.reply(turn.turnId, turn.sessionId, reply);
  return { clientMessageId, sessionId: turn.sessionId, turnId: turn.turnId };
}
