import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";

const words = { ok: "ok   ", wrong: "WRONG", note: "note " } as const;

export const doctor = defineCommand({
  name: "doctor",
  summary: "Says what is wrong with the installation, and how to mend it.",
  details:
    "Looks at Node, the Claude CLI and its login (without a turn), settings, keys (and signs with them), folders, disk, database, port, certificate, clock, keep-awake and service. Nothing is changed. A note may be meant so; exit 1 when something is wrong.",
  flags: { "data-dir": commonFlags["data-dir"], json: commonFlags.json },
  async run({ values }) {
    const { examine } = await import("../doctor/examine.ts");
    const { thisComputer } = await import("../doctor/patient.ts");
    const findings = await examine(await thisComputer(values["data-dir"]));
    const bad = findings.filter(({ state }) => state === "wrong").length;
    if (bad > 0) process.exitCode = 1;
    if (values.json) {
      printJson({ healthy: bad === 0, findings });
      return;
    }
    const widest = Math.max(...findings.map(({ check }) => check.length));
    for (const { check, state, detail, mend } of findings) {
      print(`${words[state]}  ${check.padEnd(widest)}  ${detail}`);
      if (mend !== undefined) print(`${" ".repeat(widest + 9)}-> ${mend}`);
    }
    print(bad === 0 ? "\nAll is well." : `\n${bad === 1 ? "One thing is" : `${bad} things are`} wrong.`);
  },
});
