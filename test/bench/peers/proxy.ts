import { join } from "node:path";
import { eventually } from "../../support/server/daylongServer.ts";
import { eventsOf, freePort, type Peer, PeerProgram, type PeerTiming } from "./peer.ts";

const startMs = 60_000;

/** An OpenAI endpoint over the CLI: a process a request, which is given the whole conversation again. */
export const claudeMaxApiProxy: Peer = {
  name: "claude-max-api-proxy",
  packageName: "claude-max-api-proxy",
  notPaced:
    "it gives the model the whole conversation as one prompt, which the demo model answers at another length",
  async start({ folder, project, environment }) {
    const port = await freePort();
    const program = new PeerProgram(
      process.execPath,
      [join(folder, "node_modules", "claude-max-api-proxy", "dist", "server", "standalone.js"), String(port)],
      project,
      environment,
    );
    const url = `http://127.0.0.1:${port}`;
    const messages: Array<{ role: string; content: string }> = [];
    const turn = async (content: string): Promise<PeerTiming> => {
      messages.push({ role: "user", content });
      const beganAt = performance.now();
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "claude-sonnet-4", stream: true, messages }),
      });
      let firstWordMs: number | undefined;
      let text = "";
      for await (const data of eventsOf(response)) {
        if (data === "[DONE]") break;
        const chunk = JSON.parse(data) as {
          choices?: Array<{ delta?: { content?: string } }>;
          error?: unknown;
        };
        if (chunk.error !== undefined) throw new Error(JSON.stringify(chunk.error));
        const word = chunk.choices?.[0]?.delta?.content;
        if (!word) continue;
        firstWordMs ??= performance.now() - beganAt;
        text += word;
      }
      if (firstWordMs === undefined) throw new Error(`It said nothing: ${response.status}`);
      messages.push({ role: "assistant", content: text });
      return { firstWordMs, completedMs: performance.now() - beganAt };
    };
    try {
      await eventually(
        "the proxy",
        () => {
          program.alive();
          return fetch(`${url}/health`).then(
            ({ ok }) => ok,
            () => false,
          );
        },
        startMs,
      );
    } catch (error) {
      await program.stop();
      throw error;
    }
    return {
      begin(message) {
        messages.length = 0;
        return turn(message);
      },
      goOn: turn,
      stop: () => program.stop(),
    };
  },
};
