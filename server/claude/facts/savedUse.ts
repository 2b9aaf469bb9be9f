import { z } from "zod";
import type { ProcessSpec } from "../../domain/processes/process.ts";
import { findTranscript, readTail, transcriptBytes } from "../transcripts/transcriptFile.ts";
import type { CumulativeUse, UseByModel } from "./usageMeter.ts";

/** The CLI saves its figures when it ends; after a crash they lie before the turns that it did not outlive. */
const searchedBytes = [64 * 1024, 8 * 1024 * 1024] as const;

const figure = z.number().nonnegative().catch(0);
const lineSchema = z.object({
  type: z.literal("cost-state"),
  modelUsage: z.record(
    z.string(),
    z.object({
      inputTokens: figure,
      outputTokens: figure,
      cacheReadInputTokens: figure,
      cacheCreationInputTokens: figure,
      costUSD: figure,
    }),
  ),
});

/** The figures in the last line of a transcript's text that saves any. */
export function lastSavedUse(text: string): Record<string, CumulativeUse> | undefined {
  const at = text.lastIndexOf('{"type":"cost-state"');
  if (at < 0) return undefined;
  const end = text.indexOf("\n", at);
  try {
    return lineSchema.safeParse(JSON.parse(text.slice(at, end < 0 ? undefined : end))).data?.modelUsage;
  } catch {
    return undefined;
  }
}

/**
 * What the CLI will count from when it goes on with the conversation: the use of each model that its transcript saved last.
 * Nothing when there is none, or when it cannot be read.
 */
export async function savedUse(path: string): Promise<UseByModel> {
  for (const mostBytes of searchedBytes) {
    const found = await readTail(path, mostBytes).then(lastSavedUse, () => undefined);
    if (found !== undefined) return found;
  }
  return {};
}

/**
 * What has to be known of the conversation before a start: how long its transcript is (0: there is none), and what the CLI
 * counts from, which goes on with the figures of the conversation that it resumes or copies.
 */
export async function transcriptFacts(
  configDir: string,
  { claudeSessionId, options: { origin } }: Pick<ProcessSpec, "claudeSessionId" | "options">,
): Promise<{ sizeBytes: number; usedBefore: UseByModel }> {
  const path = await findTranscript(configDir, claudeSessionId);
  const source = path ?? (origin?.fork === true ? await findTranscript(configDir, origin.resume) : undefined);
  const [sizeBytes, usedBefore] = await Promise.all([
    transcriptBytes(path),
    source === undefined ? {} : savedUse(source),
  ]);
  return { sizeBytes, usedBefore };
}
