import { Icon } from "../../design/icons.tsx";
import { count } from "../../design/quantities.ts";
import { visible } from "../../design/visibleText.ts";
import type { Chat } from "../../state/chat/chat.ts";
import type { AgentWords, ToolUse } from "../../state/chat/entries.ts";
import { linesChanged, summaryOf, titleOf } from "../../state/chat/rows.ts";
import { useHost } from "../../state/context.ts";
import { MarkdownView } from "../../text/markdownView.tsx";
import { ToolDetail } from "./toolDetail.tsx";

/** Tools that Claude used one after the other, folded into one line. */
export function ToolsRow({
  rowKey,
  tools,
  chat,
}: {
  rowKey: string;
  tools: ReadonlyArray<ToolUse | AgentWords>;
  chat: Chat;
}) {
  const [only] = tools;
  const { openParts } = chat;
  // Opened alone, it stays in view when a second tool folds the two into one line.
  if (tools.length === 1 && only?.kind === "tool")
    return <ToolLine tool={only} chat={chat} openKeys={[only.key, rowKey]} />;
  const isOpen = openParts.has(rowKey);
  const { added, removed } = linesChanged(tools);
  const isRunning = tools.some((entry) => entry.kind === "tool" && entry.state === "running");
  const failures = tools.filter((entry) => entry.kind === "tool" && entry.state === "failed").length;
  return (
    <div class="tools">
      <button
        type="button"
        class="tool-line"
        aria-expanded={isOpen}
        onClick={() => openParts.set([rowKey], !isOpen)}
      >
        <Icon name="fold" size={14} />
        <span class="clip">{visible(summaryOf(tools))}</span>
        <ChangedLines added={added} removed={removed} />
        {isRunning && <span class="meta">running</span>}
        {failures > 0 && <span class="meta bad">{count(failures, "failure")}</span>}
      </button>
      {isOpen && <ToolList tools={tools} chat={chat} />}
    </div>
  );
}

function ToolList({ tools, chat }: { tools: ReadonlyArray<ToolUse | AgentWords>; chat: Chat }) {
  return (
    <ul class="plain tool-list">
      {tools.map((entry) => (
        <li key={entry.key}>
          {entry.kind === "tool" ? (
            <ToolLine tool={entry} chat={chat} openKeys={[entry.key]} />
          ) : (
            <div class="agent-words">
              <p class="meta">{visible(entry.agent.description ?? entry.agent.type ?? "Subagent")}</p>
              <MarkdownView text={entry.text} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

/** One use of a tool: a line, and on a tap its input, its result and what a subagent did in it. */
function ToolLine({ tool, chat, openKeys }: { tool: ToolUse; chat: Chat; openKeys: readonly string[] }) {
  const { openParts, sessionId } = chat;
  const isOpen = openParts.has(tool.key);
  const { permissions } = useHost();
  const { state, summary, children } = tool;
  const isAsking = permissions.open.value.some(({ toolUseId }) => toolUseId === tool.toolUseId);
  const { added, removed } = linesChanged([tool]);
  const steps = children.length;
  const last = children.findLast((child) => child.kind === "tool");
  return (
    <div class={`tool ${state}`}>
      <button
        type="button"
        class="tool-line"
        aria-expanded={isOpen}
        onClick={() => openParts.set(openKeys, !isOpen)}
      >
        <Icon name="fold" size={14} />
        <span class="clip">{visible(titleOf(tool))}</span>
        <ChangedLines added={added} removed={removed} />
        <span class={`meta clip tool-state ${state === "failed" ? "bad" : ""} ${isAsking ? "need" : ""}`}>
          {isAsking ? "waits for you" : stateOf(tool)}
        </span>
      </button>
      {!isOpen && state === "running" && steps > 0 && (
        <p class="meta clip tool-under">
          {count(steps, "step")}
          {last && `: ${visible(last.kind === "tool" ? titleOf(last) : "")}`}
        </p>
      )}
      {isOpen && (
        <div class="tool-open">
          <ToolDetail tool={tool} sessionId={sessionId} />
          {steps > 0 && (
            <>
              <p class="meta">What the subagent did</p>
              <ToolList tools={children} chat={chat} />
            </>
          )}
          {summary === undefined && steps === 0 && state === "stopped" && <p class="meta">It was stopped.</p>}
        </div>
      )}
    </div>
  );
}

function stateOf({ state, summary, children }: ToolUse): string {
  switch (state) {
    case "running":
      return "running";
    case "failed":
      return "failed";
    case "stopped":
      return "stopped";
    case "done":
      if (children.length > 0) return count(children.length, "step");
      return /^Command running in background/.test(summary ?? "")
        ? "runs in the background"
        : visible(summary ?? "");
  }
}

function ChangedLines({ added, removed }: { added: number; removed: number }) {
  if (added === 0 && removed === 0) return null;
  return (
    <span class="meta changed-lines">
      <span class="added">+{added}</span> <span class="removed">−{removed}</span>
    </span>
  );
}
