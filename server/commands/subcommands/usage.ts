import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { cellText, tableText, timeText } from "../framework/table.ts";
import { ask, findRunningServer } from "../runningServer.ts";

interface Sum {
  costUsd: number;
  tokens: { input: number; output: number };
  turns: number;
}
interface UsageReport {
  plan: {
    available: boolean;
    windows: Array<{ label: string; utilizationPercent: number; resetsAt?: number }>;
  };
  days: Array<Sum & { day: string }>;
  byProject: Array<Sum & { projectPath: string }>;
  byModel: Array<Sum & { model: string }>;
}

export const usage = defineCommand({
  name: "usage",
  summary: "Shows the use of the plan, and cost by day, project and model.",
  flags: {
    days: {
      type: "number",
      whole: true,
      min: 1,
      max: 90,
      value: "N",
      says: "so many days back, today included (30)",
    },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  async run({ values }) {
    const server = findRunningServer(values["data-dir"]);
    const report = await ask<UsageReport>(server, "GET", `/api/usage?days=${values.days ?? 30}`);
    if (values.json) printJson(report);
    else print(reportText(report));
  },
});

function reportText({ plan, days, byProject, byModel }: UsageReport): string {
  const windows = plan.windows.map(({ label, utilizationPercent, resetsAt }) => [
    label,
    `${Math.round(utilizationPercent)} %`,
    resetsAt === undefined ? "-" : timeText(resetsAt),
  ]);
  const sums = [
    sumTable(
      "DAY",
      days.filter(({ turns }) => turns > 0).map((sum) => [sum.day, sum]),
    ),
    sumTable(
      "PROJECT",
      byProject.map((sum) => [sum.projectPath, sum]),
    ),
    sumTable(
      "MODEL",
      byModel.map((sum) => [sum.model, sum]),
    ),
  ];
  const planText = plan.available
    ? tableText(["PLAN", "USED", "RESETS"], windows)
    : "The plan's limits are not known: with an API key there are none, with a login Claude tells them in its first turn.";
  return [planText, ...sums.filter((text) => text !== "")].join("\n\n");
}

function sumTable(heading: string, sums: Array<[string, Sum]>): string {
  if (sums.length === 0) return "";
  const rows = sums.map(([name, { costUsd, tokens, turns }]) => [
    cellText(name, 70),
    String(turns),
    costUsd.toFixed(2),
    String(tokens.input),
    String(tokens.output),
  ]);
  return tableText([heading, "TURNS", "USD", "TOKENS IN", "TOKENS OUT"], rows);
}
