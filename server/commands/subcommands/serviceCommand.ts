import { openDataFolder } from "../../app/openFolders.ts";
import { ownAutostart, ownPlan } from "../autostart/ownAutostart.ts";
import { dataDirOf } from "../dataFolder.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";

export const service = defineCommand({
  name: "service",
  summary: "Installs, shows or removes the service that keeps the server running.",
  details:
    "A systemd unit of the user on Linux, a launch agent on macOS: started at login (on Linux from boot on with linger), and again after a crash, with pauses. Settings are those of .env in the data folder; variables of this terminal do not reach it, but for PATH. install again after an upgrade: the server drains its turns, comes back with the new program, and brings its database up to date from a copy.",
  flags: { "data-dir": commonFlags["data-dir"], json: commonFlags.json },
  arguments: [{ name: "ACTION", choices: ["install", "uninstall", "status"] }],
  async run({ values, given }) {
    const manager = ownAutostart();
    if (given[0] === "status") {
      const status = await manager.status();
      if (values.json) printJson(status);
      else print([status.detail, `File  ${status.file}`, `Log   ${status.log}`].join("\n"));
      if (status.state !== "running") process.exitCode = 1;
      return;
    }
    const dataDir = await dataDirOf(values["data-dir"]);
    if (given[0] === "install") openDataFolder(dataDir);
    const done = given[0] === "install" ? await manager.install(ownPlan(dataDir)) : await manager.uninstall();
    if (values.json) printJson({ done });
    else print(done.join("\n"));
  },
});
