import type { InlineImage } from "./inlineImage.ts";

/** A message of a list, in whichever of OpenAI's shapes it came. */
export interface SaidMessage {
  /** `tool`: what a tool of the client's own answered, in an earlier life of the conversation. */
  role: "system" | "user" | "assistant" | "tool";
  text: string;
  images: InlineImage[];
}

/** The use of a tool, in words: Claude has the tools of its own session only, but should know what was done. */
export const toolUseInWords = (name: unknown, input: unknown): string =>
  `[used the tool ${inWords(name)}${input === undefined ? "" : ` with ${inWords(input)}`}]`;

/** What a tool answered, in words. */
export const toolResultInWords = (name: string | undefined, output: string): string =>
  `[result of the tool${name === undefined ? "" : ` ${name}`}]\n${output}`;

const inWords = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value ?? null);
