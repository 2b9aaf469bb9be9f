import { commandNameIn } from "./commands.ts";

/** An argument of a command, and where it begins in the text, in UTF-16 units. */
export interface CommandArgument {
  at: number;
  word: string;
}

/** Words of a message that are looked up; of further ones those that could be paths are not passed as they are. */
const mostLookedUp = 100;

/**
 * The arguments of a command. The CLI (2.1.330) puts them into the words of the command's file before it looks for mentions in
 * them: `@$ARGUMENTS`, `@"$ARGUMENTS"`, `@$0`, `@docs/$ARGUMENTS`. Pure.
 */
export function argumentsIn(text: string): CommandArgument[] {
  const name = commandNameIn(text);
  if (name === undefined) return [];
  const begin = name.length + 1;
  return [...text.slice(begin).matchAll(/\S+/g)].map(({ 0: word, index }) => ({ at: begin + index, word }));
}

const isPathLike = (word: string): boolean => /[/\\~]|\.\./.test(word);

/**
 * The places of a command's arguments with which its file could mention what may not be read, in the order of the text. What
 * is not there is judged by where it would be: the file may add an ending to it.
 */
export async function forbiddenArguments(
  text: string,
  placeOf: (path: string) => Promise<"readable" | "forbidden">,
): Promise<CommandArgument[]> {
  const words = argumentsIn(text);
  const forbidden: CommandArgument[] = [];
  for (const [index, argument] of words.entries()) {
    const { word } = argument;
    if (index >= mostLookedUp) {
      if (isPathLike(word)) forbidden.push(argument);
      continue;
    }
    // As it stands, as a shell would take it, and without the sign of a mention.
    const spellings = new Set([word, word.replace(/["'\\]/g, ""), word.replace(/^["'@]+/, "")]);
    // Behind a directory that the file names, the way up leads elsewhere than from the project.
    const standings = [...spellings].map((one) => placeOf(one));
    if ((await Promise.all(standings)).includes("forbidden") || goesUp(word)) forbidden.push(argument);
  }
  // All of them may be one path: `@"$ARGUMENTS"`.
  const whole = words.length > 1 ? text.slice(words[0]!.at) : undefined;
  if (whole === undefined || (await placeOf(whole)) !== "forbidden") return forbidden;
  const known = new Set(forbidden);
  return words.filter((argument, index) => index === 0 || isPathLike(argument.word) || known.has(argument));
}

const goesUp = (word: string): boolean => /(?:^|[/\\"'])\.\.(?:[/\\"']|$)/.test(word);

/** The places in arguments before which an invisible character keeps them from being such a path. */
export const placesIn = (argumentsOf: readonly CommandArgument[]): number[] =>
  argumentsOf.flatMap(({ at, word }) => [
    at,
    ...[...word.matchAll(/\.\./g)].map(({ index }) => at + index).filter((place) => place !== at),
  ]);
