import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { configFilePath } from "./configFile.ts";

/** What CLI 2.1 keeps of each directory in which it was used. */
const configSchema = z.object({
  projects: z.record(
    z.string(),
    z.object({ hasTrustDialogAccepted: z.boolean().optional().catch(undefined) }),
  ),
});

/**
 * Whether the owner answered the CLI's own question in a terminal ("Do you trust the files in this folder?") for the
 * directory or one above it. A file that is missing or damaged says no.
 */
export async function acceptedInTerminal(
  environment: Readonly<Record<string, string | undefined>>,
  projectPath: string,
): Promise<boolean> {
  const text = await readFile(configFilePath(environment), "utf8").catch(() => "{}");
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    return false;
  }
  const parsed = configSchema.safeParse(config);
  if (!parsed.success) return false;
  const projects = new Map(Object.entries(parsed.data.projects));
  for (let path = projectPath; ; path = dirname(path)) {
    if (projects.get(path)?.hasTrustDialogAccepted === true) return true;
    if (dirname(path) === path) return false;
  }
}
