import { restoreBackup } from "../backup/restoreBackup.ts";
import { callerPath, dataDirOf } from "../dataFolder.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { timeText } from "../framework/table.ts";

export const restore = defineCommand({
  name: "restore",
  summary: "Puts a backup into the data folder; what it replaces is kept.",
  details:
    "Stop the server first. A file that is damaged, foreign or of a newer program is refused before anything is touched. What was there goes into a folder before-restore-... of the data folder. Devices stay paired with the tokens of the backup; those that had seen later events begin anew. A .env that is there stays, and the backup's lies beside it as .env.restored.",
  flags: { "data-dir": commonFlags["data-dir"], json: commonFlags.json },
  arguments: [{ name: "FILE" }],
  async run({ values, given }) {
    const dataDir = await dataDirOf(values["data-dir"]);
    const { manifest, epoch, kept, leftRunning } = restoreBackup({
      file: callerPath(given[0]!),
      dataDir,
      now: Date.now(),
    });
    const { createdAt, version, entries } = manifest;
    if (values.json) {
      printJson({
        dataDir,
        createdAt,
        version,
        files: entries.length,
        epoch,
        kept: kept ?? null,
        leftRunning,
      });
      return;
    }
    print(`Restored ${dataDir} from the backup of ${timeText(createdAt)} (Daylong ${version}).`);
    if (leftRunning > 0)
      print(
        `Of the server that was there, processes of Claude's still run (${leftRunning}): the next start ends them.`,
      );
    if (kept !== undefined) print(`What was there is in ${kept}; delete it when all is well.`);
  },
});
