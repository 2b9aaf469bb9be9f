import { z } from "zod";
import { changeStates, noRepositoryReasons } from "../../domain/sessions/changes.ts";
import { countSchema } from "../instants.ts";

/** Longest path of a file that is taken: PATH_MAX, in the escapes that bytes outside UTF-8 are shown with. */
const maxPathChars = 16_384;

export const changedFileSchema = z
  .object({
    path: z
      .string()
      .meta({ description: "Relative to the project's directory; bytes that are not UTF-8 as \\xNN." }),
    state: z.enum(changeStates),
    oldPath: z.string().optional(),
    insertions: countSchema.optional(),
    deletions: countSchema.optional(),
    binary: z.boolean(),
    filtered: z.literal(true).optional().meta({
      description: "A filter of git's stands before the file: it is not run, so nothing is compared.",
    }),
  })
  .meta({ id: "ChangedFile" });

/** The project's working tree, compared with the last commit. */
export const changesSchema = z
  .object({
    isRepository: z.boolean(),
    reason: z.enum(noRepositoryReasons).optional().meta({ description: "Why there is no repository." }),
    branch: z.string().optional().meta({ description: "Absent when HEAD is detached." }),
    upstream: z.object({ ahead: countSchema, behind: countSchema }).optional(),
    files: z.array(changedFileSchema),
    truncated: z.boolean(),
  })
  .meta({ id: "Changes" });

export const diffQuerySchema = z.object({
  path: z
    .string()
    .min(1)
    .max(maxPathChars)
    .refine(
      (path) => !path.startsWith("/") && !path.includes("\0") && !path.split("/").includes(".."),
      "must be a path of the list, relative to the project's directory",
    ),
});

export const fileDiffSchema = z
  .object({
    path: z.string(),
    diff: z.string().meta({ description: "Unified; empty for a file without changes." }),
    truncated: z.boolean(),
    filtered: z.literal(true).optional(),
  })
  .meta({ id: "FileDiff" });
