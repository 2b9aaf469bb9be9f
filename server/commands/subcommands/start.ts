import { growInSmallSteps, limitYoungGeneration } from "../../platform/heapGrowth.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";

export const start = defineCommand({
  name: "start",
  summary: "Runs the server in the foreground.",
  details:
    "Settings are environment variables, or lines of a file .env in the data folder or in the program's own folder; .env.example lists them all.",
  flags: {
    demo: {
      type: "boolean",
      says: "no account, no network: the real Claude CLI against a bundled demo model, a demo project, and a data folder of its own (~/.daylong-demo)",
    },
    "data-dir": { ...commonFlags["data-dir"], says: "the data folder (as DATA_DIR; default ~/.daylong)" },
    port: { type: "text", says: "the port (as PORT; default 3000; 0 takes a free one)" },
  },
  async run({ values }) {
    limitYoungGeneration();
    const growFreely = growInSmallSteps();
    // Loaded here, so that the other commands do not wait for the whole server.
    const { runServer } = await import("../start/runServer.ts");
    await runServer({ demo: values.demo === true, dataDir: values["data-dir"], port: values.port });
    growFreely();
  },
});
