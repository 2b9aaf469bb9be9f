import type { Answer } from "../../../../client/src/index.ts";
import type { ToolUse } from "./entries.ts";
import type { Row } from "./rows.ts";

export type PastMessage = Answer<"GET /api/projects/{projectId}/sessions/{id}/messages">["messages"][number];

/** What was said before the session began here, in a terminal or in the conversation that it is a copy of; the newest comes first. */
export function rowsOfPast(messages: readonly PastMessage[], beganAt: number): Row[] {
  return messages
    .filter(({ createdAt }) => createdAt !== undefined && createdAt < beganAt)
    .toReversed()
    .flatMap(rowsOf);
}

function rowsOf(message: PastMessage): Row[] {
  const { messageId, role, text, tools, imageCount, createdAt: at = 0 } = message;
  const key = `past-${messageId}`;
  const turnId = "";
  if (role === "user") {
    const attachments = Array.from({ length: imageCount }, () => "a picture");
    return [
      {
        kind: "said",
        key,
        seq: 0,
        said: { kind: "said", key, seq: 0, turnId, messageId, text, attachments, at, state: "past" },
      },
    ];
  }
  const rows: Row[] = [];
  if (text !== "")
    rows.push({
      kind: "words",
      key,
      seq: 0,
      words: { kind: "words", key, seq: 0, turnId, messageId, text, at, isPartial: false, isCut: false },
    });
  if (tools.length > 0)
    rows.push({
      kind: "tools",
      key: `${key}-tools`,
      seq: 0,
      tools: tools.map((tool, index) => pastTool(tool, `${key}-${index}`, at)),
    });
  return rows;
}

const pastTool = (
  { toolUseId, toolName, title }: PastMessage["tools"][number],
  key: string,
  at: number,
): ToolUse => ({
  kind: "tool",
  key,
  seq: 0,
  turnId: "",
  toolUseId: toolUseId ?? "",
  toolName,
  title,
  at,
  state: "done",
  children: [],
});
