/** What the demo model knows of the conversation, and sums: the questions by which people try whether a session remembers. */

import type { OrderAnswer } from "./factOrders.ts";
import { type ModelMessage, text, typedBlocks } from "./messages.ts";

const typedTexts = (messages: readonly ModelMessage[]): string[] =>
  messages.filter(({ role }) => role === "user").flatMap(typedBlocks);

/** What a text asks to remember, the last of it: a block may hold the whole transcript of a lost conversation. */
const lastIn = (typed: string, patterns: readonly RegExp[]): string | undefined =>
  patterns.map((pattern) => [...typed.matchAll(pattern)].at(-1)?.[1]).find((value) => value !== undefined);
const remembered = (messages: readonly ModelMessage[], patterns: readonly RegExp[]): string | undefined =>
  // The last is the question. A block before it, in the same message, may tell what was said elsewhere.
  typedTexts(messages)
    .slice(0, -1)
    .map((typed) => lastIn(typed, patterns))
    .findLast((value) => value !== undefined);

const number = /\bremember\b(?!\?)\D{0,200}?(\d+)/gi;
const named =
  /\bremember\b[^.!?\n]*?\b(?:word|name|code ?word|password|colou?r|city|animal)\b(?: is|:)? ["“']?([\p{L}\d_-]+)/giu;
const shouted = /\b[Rr]emember\b[^.!?\n]*?(?<![\p{L}\d])(\p{Lu}[\p{Lu}\d_-]+)(?![\p{L}\d])/gu;
const phrase = /\bremember\b(?: that| this)?:?\s+([^.!?\n]+)/gi;

const kindOf = (asked: string): { name: string; patterns: readonly RegExp[] } => {
  const name = asked.toLowerCase();
  if (name === "number") return { name, patterns: [number] };
  if (name === "" || name === "thing") return { name: "thing", patterns: [phrase] };
  return { name, patterns: [named, shouted] };
};

const sum =
  /^(?:(?:what(?:'s|’s| is)|calculate|compute|how much is|solve)\s+)?(-?\d+(?:\.\d+)?)\s*(\+|-|−|\*|x|×|\/|÷|plus|minus|times|divided by)\s*(-?\d+(?:\.\d+)?)\s*(?:=\s*)?(?:[?.!]|$)/i;

function calculate(left: number, operation: string, right: number): number {
  switch (operation.toLowerCase()) {
    case "+":
    case "plus":
      return left + right;
    case "-":
    case "−":
    case "minus":
      return left - right;
    case "/":
    case "÷":
    case "divided by":
      return left / right;
    default:
      return left * right;
  }
}

/** Questions about the conversation. */
export const memoryQuestions: Array<[RegExp, OrderAnswer]> = [
  [
    /what(?: (number|word|name|code ?word|password|colou?r|city|animal|thing))? did i (?:ask|tell) you to remember/i,
    (match, messages) => {
      const { name, patterns } = kindOf(match[1] ?? "");
      const value = remembered(messages, patterns);
      return text(
        value ? `You asked me to remember ${value.trim()}.` : `You have not asked me to remember a ${name}.`,
      );
    },
  ],
  [
    /what (?:was|is) my (?:previous|last|earlier) (?:question|message|prompt)|what did i (?:just )?(?:ask|say)(?: you)? (?:before|previously|last)|repeat my (?:previous|last) (?:question|message)/i,
    (_match, messages) => {
      const earlier = typedTexts(messages).at(-2);
      return text(
        earlier === undefined
          ? "You have not asked me anything before."
          : `Your previous question was: ${earlier.slice(0, 500)}`,
      );
    },
  ],
  [
    sum,
    (match) => {
      const value = calculate(Number(match[1]), match[2]!, Number(match[3]));
      return text(Number.isFinite(value) ? String(Number(value.toFixed(10))) : "That has no result.");
    },
  ],
];

/** A wish to remember something, anywhere in a message: after everything that could be meant instead. */
export const rememberOrder: [RegExp, OrderAnswer] = [
  /\bremember\b(?!\s*\?)/i,
  (_match, messages) => {
    const typed = typedTexts(messages).at(-1) ?? "";
    const value = lastIn(typed, [number, named, shouted, phrase]);
    return text(value ? `I will remember ${value.trim()}.` : "I will remember that.");
  },
];
