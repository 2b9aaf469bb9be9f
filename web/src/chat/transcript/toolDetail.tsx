import { useEffect, useState } from "preact/hooks";
import { type Answer, DaylongProblem } from "../../../../client/src/index.ts";
import { withoutTerminalCodes } from "../../design/visibleText.ts";
import type { ToolUse } from "../../state/chat/entries.ts";
import { useHost } from "../../state/context.ts";
import { diffLines } from "../../text/diff.ts";
import { DiffView } from "../../text/diffView.tsx";
import { InputView } from "../../text/inputView.tsx";
import { LongText } from "../../text/markdownView.tsx";

type Record = Answer<"GET /api/sessions/{id}/tools/{toolUseId}">;

/** What the tool was given and what came of it, from Claude's transcript. */
export function ToolDetail({ tool, sessionId }: { tool: ToolUse; sessionId: string }) {
  const { client } = useHost();
  const [record, setRecord] = useState<Record>();
  const [fault, setFault] = useState("");
  useEffect(() => {
    // The answer from before its end may come after the one that holds the result.
    let isLatest = true;
    client
      .session(sessionId)
      .tool(tool.toolUseId)
      .then(
        (answer) => {
          if (!isLatest) return;
          setRecord(answer);
          setFault("");
        },
        (error: unknown) => {
          if (!isLatest) return;
          const isLost = error instanceof DaylongProblem && error.code === "tool_not_found";
          setFault(isLost ? "" : "Its result cannot be read now: the server does not answer.");
        },
      );
    return () => {
      isLatest = false;
    };
  }, [tool.toolUseId, tool.state]);
  // What a subagent was told and said is shown as words, below; what its tool says of that is for Claude.
  const isAgent = /^(Agent|Task)$/.test(tool.toolName);
  const hasSpoken = isAgent && tool.children.some(({ kind }) => kind === "agentWords");
  const output = hasSpoken ? undefined : record?.output;
  const input = (tool.isEdited ? tool.input : record?.input) ?? tool.input ?? {};
  return (
    <div class="stack">
      {record?.diff ? (
        <DiffView lines={diffLines(record.diff)} />
      ) : (
        <InputView
          toolName={tool.toolName}
          input={isAgent && typeof input.prompt === "string" ? { prompt: input.prompt } : input}
        />
      )}
      {tool.isEdited && <p class="meta">Edited before it was allowed: this is what ran.</p>}
      {output !== undefined && output !== "" && !record?.diff && (
        <div>
          <p class="meta">{record?.failed ? "It failed with" : "Result"}</p>
          <LongText text={withoutTerminalCodes(output)} />
        </div>
      )}
      {output === undefined && !hasSpoken && tool.summary && <p class="meta">{tool.summary}</p>}
      {record?.truncated && <p class="meta">It is longer than 256 KB: its beginning.</p>}
      {fault !== "" && <p class="meta">{fault}</p>}
    </div>
  );
}
