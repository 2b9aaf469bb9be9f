/**
 * An MCP server for tests, over standard input and output: its tool `ask` has a person fill in a form, or with `url` open an
 * address, and tells Claude what came back.
 */
import { createInterface } from "node:readline";

const form = {
  type: "object",
  properties: {
    name: { type: "string", title: "Your name", minLength: 2 },
    age: { type: "integer", minimum: 1, maximum: 150 },
    colour: { type: "string", enum: ["red", "green"], enumNames: ["Red", "Green"] },
  },
  required: ["name"],
};

const write = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const callOf = new Map();

const answers = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: "forms", version: "1" },
  }),
  "tools/list": () => ({
    tools: [
      {
        name: "ask",
        description: "Asks the person",
        inputSchema: { type: "object", properties: { url: { type: "string" } } },
      },
    ],
  }),
};

function elicit(callId, { url }) {
  const id = `ask-${callOf.size}`;
  callOf.set(id, callId);
  const params = url
    ? { mode: "url", message: "Please sign in", url, elicitationId: id }
    : { mode: "form", message: "Who are you?", requestedSchema: form };
  write({ id, method: "elicitation/create", params });
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const message = JSON.parse(line);
  if (message.method === "tools/call") elicit(message.id, message.params.arguments ?? {});
  else if (message.method !== undefined && message.id !== undefined)
    write({ id: message.id, result: answers[message.method]?.(message.params) ?? {} });
  else if (callOf.has(message.id)) {
    const text = `The person said ${JSON.stringify(message.result)}`;
    write({ id: callOf.get(message.id), result: { content: [{ type: "text", text }] } });
  }
});
