import {
  createSdkMcpServer,
  type McpSdkServerConfigWithInstance,
  tool,
} from "@anthropic-ai/claude-agent-sdk/core";
import { z } from "zod";

/** The server's name as the CLI and its commands show it. */
const serverName = "daylong";
/** The tool's name as Claude and the permission rules know it. */
export const notifyToolName = `mcp__${serverName}__notify`;

/** The tools of ours that Claude may use, by the SDK's option. */
export interface NotifyServer {
  mcpServers: Record<string, McpSdkServerConfigWithInstance>;
}

/**
 * An MCP server inside this program with one tool, by which Claude sends the owner's phone a notice. `tell` answers
 * whether the notice is sent; it is not when too many were.
 */
export function notifyServer(tell: (text: string) => boolean): NotifyServer {
  const notify = tool(
    "notify",
    "Send a short notification to the user's phone. The end of your reply is announced anyway, so use it sparingly: for " +
      "something that the user asked to be told about, or must know before you are done.",
    { text: z.string().trim().min(1).max(1_000).describe("One or two sentences.") },
    async ({ text }) => {
      const isTold = tell(text.toWellFormed());
      const said = isTold
        ? "Sent."
        : "Not sent: ten notifications an hour are the most. Say it in your reply instead.";
      return { content: [{ type: "text", text: said }], isError: !isTold };
    },
  );
  return {
    mcpServers: {
      // Without it the tool's description waits behind the CLI's tool search.
      [serverName]: createSdkMcpServer({ name: serverName, version: "1", alwaysLoad: true, tools: [notify] }),
    },
  };
}
