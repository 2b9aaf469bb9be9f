import { UsageError } from "../../platform/flags.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { cellText, tableText, timeText } from "../framework/table.ts";
import { ask, findRunningServer, type RunningServer } from "../runningServer.ts";

interface DeviceRow {
  deviceId: string;
  name: string;
  platform: string;
  scope: string;
  lastSeenAt: number;
  connected: boolean;
  push: { provider: string } | null;
}

export const devices = defineCommand({
  name: "devices",
  summary: "Lists the paired devices, or revokes one.",
  details:
    "`devices revoke ID` ends a device's token at once: its sockets close, and what it had queued or running ends.",
  flags: { "data-dir": commonFlags["data-dir"], json: commonFlags.json },
  arguments: [
    { name: "ACTION", choices: ["revoke"], optional: true },
    { name: "ID", optional: true },
  ],
  async run({ values, given: [action, id] }) {
    if (action !== undefined && id === undefined)
      throw new UsageError("The ID of the device to revoke is missing; `devices` lists them.");
    const server = findRunningServer(values["data-dir"]);
    if (action !== undefined && id !== undefined) {
      const path = `/api/devices/${encodeURIComponent(id)}`;
      const answer = await ask<{ deviceId: string }>(server, "DELETE", path);
      if (values.json) printJson(answer);
      else print(`Revoked ${answer.deviceId}.`);
      return;
    }
    const rows = await listDevices(server);
    if (values.json) printJson({ devices: rows });
    else print(tableText(headings, rows.map(cellsOf)));
  },
});

export const listDevices = async (server: RunningServer): Promise<DeviceRow[]> =>
  (await ask<{ devices: DeviceRow[] }>(server, "GET", "/api/devices")).devices;

const headings = ["DEVICE", "NAME", "PLATFORM", "SCOPE", "LAST SEEN", "CONNECTED", "PUSH"];

const cellsOf = (device: DeviceRow): string[] => [
  device.deviceId,
  cellText(device.name, 40),
  device.platform,
  device.scope,
  timeText(device.lastSeenAt),
  device.connected ? "yes" : "no",
  device.push?.provider ?? "-",
];
