import { attach as attachTo } from "../attach/attach.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";

export const attach = defineCommand({
  name: "attach",
  summary: "Opens a session in this terminal.",
  details:
    "Shows what was said, what Claude says and does now, and asks here what Claude asks; what is answered on another device is withdrawn. Enter sends, Ctrl-C interrupts, Ctrl-D leaves: the session goes on, and survives this terminal. Without SESSION it lists the sessions to choose from; the beginning of an id is enough.\nWithout a terminal each line of standard input is a message, or with --once all of it is one; the reply goes to standard output. Ends with 1 when a message was not answered.",
  arguments: [{ name: "SESSION", optional: true }],
  flags: {
    new: { type: "text", value: "PATH", says: "begin a session in this project" },
    once: { type: "boolean", says: "send standard input as one message, print the reply, and end" },
    "data-dir": commonFlags["data-dir"],
    json: { type: "boolean", says: "print replies as JSON" },
  },
  run({ values, given }) {
    const { new: newIn, once = false, json = false } = values;
    return attachTo({ session: given[0], newIn, dataDir: values["data-dir"], once, json });
  },
});
