import { DaylongError } from "../errors.ts";
import { forbiddenArguments, placesIn } from "./commandArguments.ts";
import { type ClaudeCommand, type CommandVerdict, commandNameIn, judgeCommand } from "./commands.ts";
import { asPlainWords, everyAt, hidesMentions, type Mention, mentionsIn } from "./mentions.ts";

/** How a path that a prompt mentions stands: Claude may read it, may not, or it is not there. */
export type MentionStanding = "readable" | "forbidden" | "absent";

/** Looks at the files that prompts mention. */
export interface MentionResolver {
  /**
   * `readable`: the file, links followed, lies inside a project root and not where Claude may not read. What cannot be looked
   * at is `forbidden`. Never rejects.
   */
  standingOf(projectPath: string, path: string): Promise<MentionStanding>;
  /** The same; what is not there is judged by the nearest directory above it that is: `absent` is never the answer. */
  placeOf(projectPath: string, path: string): Promise<Exclude<MentionStanding, "absent">>;
}

/** A prompt as it may be given to the CLI, and what was decided. */
export interface JudgedPrompt {
  text: string;
  /** Paths whose content the CLI puts into the prompt. */
  mentioned: string[];
  /** Paths that are left as plain words. */
  plain: string[];
  /** The command that the CLI runs. */
  command?: string;
}

/** Files that one text may mention; those beyond stay plain words, so that no message holds the file system for minutes. */
const mostLookedUp = 500;

/** How far a text is read for the paths that the audit log names, where none of its mentions passes. */
const mostToldUnits = 10_000;

/** Whether the CLI could interpret anything in the text. Without it the text is given as it is. */
export const mayBeInterpreted = (text: string): boolean =>
  commandNameIn(text) !== undefined || hidesMentions(text) || mentionsIn(text).length > 0;

/**
 * Decides what the CLI interprets in a text that becomes a prompt: a mention of a file that may be read passes, every other
 * one becomes plain words; a first word that is no command of the process does too, and arguments with which a command's file
 * would mention such a file. Throws `command_forbidden`.
 */
export async function judgePrompt(
  { text, projectPath }: { text: string; projectPath: string },
  commands: readonly ClaudeCommand[] | undefined,
  resolver: MentionResolver,
): Promise<JudgedPrompt> {
  const verdict = judgeCommand(text, commands);
  if (verdict.kind === "refused") throw new DaylongError("command_forbidden", verdict.detail);
  const command = verdict.kind === "command" ? verdict.name : undefined;
  if (command !== undefined) {
    const forbidden = await forbiddenArguments(text, (path) => resolver.placeOf(projectPath, path));
    if (forbidden.length > 0) {
      const marked = asPlainWords(text, placesIn(forbidden));
      const judged = await judgeMentions({ text: marked, projectPath }, verdict.kind, resolver);
      const plain = [
        ...new Set([...judged.plain, ...forbidden.map(({ word }) => word.replace(/^["'@]+/, ""))]),
      ];
      return { ...judged, plain, command };
    }
  }
  return { ...(await judgeMentions({ text, projectPath }, verdict.kind, resolver)), command };
}

/** Judges the mentions that stand in the text itself. */
async function judgeMentions(
  { text, projectPath }: { text: string; projectPath: string },
  kind: CommandVerdict["kind"],
  resolver: MentionResolver,
): Promise<Omit<JudgedPrompt, "command">> {
  if (hidesMentions(text)) {
    const plain = mentionsIn(text.slice(0, mostToldUnits)).map(({ path }) => path);
    return { text: asPlainWords(text, everyAt(text)), mentioned: [], plain };
  }
  const mentions = mentionsIn(text);
  const places: number[] = kind === "unknown" ? [0] : [];
  const mentioned = new Set<string>();
  const plain = new Set<string>();
  const paths = [...new Set(mentions.map(({ path }) => path))];
  const standings = new Map<string, MentionStanding>();
  for (const [index, path] of paths.entries())
    standings.set(path, index < mostLookedUp ? await resolver.standingOf(projectPath, path) : "forbidden");
  for (const { at, path, isAgent } of mentions) {
    const standing = standings.get(path);
    if (standing === "readable") mentioned.add(path);
    else if (!(isAgent && standing === "absent")) {
      plain.add(path);
      places.push(at);
    }
  }
  const judged = asPlainWords(text, places);
  // Where a mention became plain words, the CLI may begin another one later in the same word, or pair quotes anew. What was not
  // judged does not pass, and then nothing does: such a text is no honest one.
  const passes = ({ path, isAgent }: Mention) =>
    standings.get(path) === "readable" || (isAgent && standings.get(path) === "absent");
  if (plain.size === 0 || mentionsIn(judged).every(passes))
    return { text: judged, mentioned: [...mentioned], plain: [...plain] };
  const first = kind === "unknown" ? [0] : [];
  return { text: asPlainWords(text, [...first, ...everyAt(text)]), mentioned: [], plain: paths };
}

/** What is written into the audit log of a judged prompt: what the CLI does with the words of a message, no event tells. */
export function interpretationsOf({ mentioned, plain, command }: JudgedPrompt): Array<{
  action: "message.command" | "message.mention" | "message.mention-refuse";
  detail: string;
}> {
  const entries: ReturnType<typeof interpretationsOf> = [];
  if (command !== undefined) entries.push({ action: "message.command", detail: `/${command}` });
  if (mentioned.length > 0) entries.push({ action: "message.mention", detail: listed(mentioned) });
  if (plain.length > 0) entries.push({ action: "message.mention-refuse", detail: listed(plain) });
  return entries;
}

/** The first of many paths. */
const listed = (paths: readonly string[]): string => paths.join(", ").slice(0, 1_000).toWellFormed();
