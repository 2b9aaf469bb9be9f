import { scopes } from "../../domain/delivery/device.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { jsonLine } from "../framework/output.ts";
import { ask, findRunningServer } from "../runningServer.ts";

export const token = defineCommand({
  name: "token",
  summary: "Makes a device token for scripts, and prints it.",
  details:
    "A script is a device like a phone: it is in the list of devices, has a scope (chat unless you say otherwise), and is revoked with it. The token is shown this once.",
  flags: {
    scope: {
      type: "text",
      choices: scopes,
      says: "what the script may do: read, chat, or admin for everything",
    },
    name: { type: "text", value: "NAME", says: "its name in the list of devices (script)" },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  async run({ values }) {
    const { scope = "chat", name = "script" } = values;
    const server = findRunningServer(values["data-dir"]);
    const { code } = await ask<{ code: string }>(server, "POST", "/api/pairing-codes", { scope });
    const device = { name, platform: "script" };
    const made = await ask<{ deviceId: string; token: string }>(server, "POST", "/api/pair", {
      code,
      device,
    });
    const { deviceId, token: text } = made;
    console.log(values.json ? jsonLine({ deviceId, name, scope, token: text, server: server.url }) : text);
  },
});
