import { statSync } from "node:fs";
import { join } from "node:path";
import { readVersion } from "../../platform/packageVersion.ts";
import { makeBackup } from "../backup/makeBackup.ts";
import { callerPath, filledDataDirOf } from "../dataFolder.ts";
import { commonFlags, defineCommand } from "../framework/command.ts";
import { print, printJson } from "../framework/output.ts";
import { sizeText } from "../framework/table.ts";

export const backup = defineCommand({
  name: "backup",
  summary: "Writes database, keys, tokens and attachments into one file, while the server runs or not.",
  details:
    "The file holds secrets (tokens as hashes, keys as they are) and is readable by you alone; any tar unpacks it. Claude's own transcripts are not in it: they are in its own folder, ~/.claude. It is read again to the last byte before it has its name.",
  flags: {
    replace: { type: "boolean", says: "replace the file if it is there" },
    "data-dir": commonFlags["data-dir"],
    json: commonFlags.json,
  },
  arguments: [{ name: "FILE" }],
  async run({ values, given }) {
    const file = callerPath(given[0]!);
    const into = statSync(file, { throwIfNoEntry: false })?.isDirectory()
      ? join(file, nameOf(Date.now()))
      : file;
    const dataDir = await filledDataDirOf(values["data-dir"]);
    const version = readVersion(await packagePath());
    const made = makeBackup({
      dataDir,
      file: into,
      replace: values.replace === true,
      version,
      now: Date.now(),
    });
    const { entries, sizeBytes, schemaVersion, epoch } = made;
    if (values.json)
      printJson({
        file: into,
        dataDir,
        sizeBytes,
        files: entries.length,
        schemaVersion,
        epoch,
        verified: true,
      });
    else
      print(
        `Backed up ${dataDir} into ${into}: ${entries.length} files, ${sizeText(sizeBytes)}, read again and whole.`,
      );
  },
});

const packagePath = async (): Promise<string> => (await import("../start/configuration.ts")).packagePath;

/** The name of a backup in a folder: the instant in UTC, so that names sort by it. */
const nameOf = (now: number): string =>
  `daylong-${new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")}.tar`;
