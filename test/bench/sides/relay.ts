import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

/**
 * The least that a server between a phone and the CLI can be: a frame in becomes a prompt, a word of Claude becomes a
 * frame. It keeps nothing, knows nobody and answers one client. What it costs is the price of one more process in the
 * way on this machine; what Daylong costs on top of it is Daylong's.
 */
const [binary, ...flags] = process.argv.slice(2) as [string, ...string[]];
const child = spawn(binary, flags, { stdio: ["pipe", "pipe", "inherit"] });
const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });

server.on("listening", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) process.stdout.write(`${address.port}\n`);
});
server.on("connection", (socket) => {
  socket.on("message", (data) => {
    const { message, messageId } = JSON.parse(String(data)) as { message: string; messageId: string };
    const prompt = {
      type: "user",
      message: { role: "user", content: message },
      parent_tool_use_id: null,
      uuid: messageId,
    };
    child.stdin.write(`${JSON.stringify(prompt)}\n`);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (line) => {
    const said = JSON.parse(line) as { type: string; event?: { delta?: { type?: string; text?: string } } };
    const delta = said.type === "stream_event" ? said.event?.delta : undefined;
    if (delta?.type === "text_delta") socket.send(JSON.stringify({ type: "delta", text: delta.text }));
    if (said.type === "result") socket.send(JSON.stringify({ type: "completed" }));
  });
  socket.on("close", () => child.stdin.end());
});
child.on("exit", () => process.exit());
