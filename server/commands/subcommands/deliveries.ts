import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { cellText, tableText, timeText } from "../framework/table.ts";
import { ask, findRunningServer } from "../runningServer.ts";
import { listDevices } from "./devices.ts";

interface DeliveryRow {
  deliveryId: string;
  cursor: number;
  kind: string;
  state: string;
  attempts: Array<{ at: number; status?: number; reason?: string; latencyMs: number }>;
  nextAttemptAt?: number;
}

export const deliveries = defineCommand({
  name: "deliveries",
  summary: "Lists what became of the pushes, the newest first.",
  flags: {
    device: { type: "text", value: "ID", says: "only those of this device" },
    limit: {
      type: "number",
      whole: true,
      min: 1,
      max: 200,
      value: "N",
      says: "at most so many a device (20)",
    },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  async run({ values }) {
    const server = findRunningServer(values["data-dir"]);
    const wanted = values.device?.toLowerCase();
    const known = await listDevices(server);
    const asked = wanted === undefined ? known : known.filter(({ deviceId }) => deviceId === wanted);
    if (asked.length === 0) throw new Error(`No device has the id ${wanted}; \`devices\` lists them.`);
    const found = await Promise.all(
      asked.map(async ({ deviceId, name }) => {
        const path = `/api/devices/${deviceId}/deliveries?limit=${values.limit ?? 20}`;
        const { deliveries: rows } = await ask<{ deliveries: DeliveryRow[] }>(server, "GET", path);
        return rows.map((row) => Object.assign(row, { deviceId, deviceName: name }));
      }),
    );
    const rows = found.flat().sort((a, b) => b.cursor - a.cursor);
    if (values.json) printJson({ deliveries: rows });
    else if (rows.length === 0) console.log("There are no deliveries.");
    else print(tableText(headings, rows.map(cellsOf)));
  },
});

const headings = ["CURSOR", "DEVICE", "KIND", "STATE", "TRIES", "LAST TRY", "SAID", "NEXT TRY"];

function cellsOf(delivery: DeliveryRow & { deviceName: string }): string[] {
  const { attempts, nextAttemptAt } = delivery;
  const last = attempts.at(-1);
  return [
    String(delivery.cursor),
    cellText(delivery.deviceName, 30),
    delivery.kind,
    delivery.state,
    String(attempts.length),
    last === undefined ? "-" : timeText(last.at),
    last === undefined ? "-" : cellText(`${last.status ?? ""} ${last.reason ?? ""}`, 40) || "-",
    nextAttemptAt === undefined ? "-" : timeText(nextAttemptAt),
  ];
}
