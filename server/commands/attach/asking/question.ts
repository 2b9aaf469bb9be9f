import type { PermissionAnswer } from "../../../../client/src/index.ts";
import type { Key } from "../terminal/keys.ts";
import type { Span } from "../terminal/layout.ts";

/** A choice that is made with one key. */
export interface Choice {
  key: string;
  says: string;
}

/** What a question of Claude's shows now: its words, the keys that answer it, and a field where words are wanted. */
export interface QuestionView {
  /** A line each. */
  words: Span[][];
  choices: Choice[];
  /** The text that is being written. */
  field?: { name: string; text: string };
}

/** What a key meant to a question. */
export type Heard =
  | { kind: "answer"; answer: PermissionAnswer }
  /** The whole input is to be shown. */
  | { kind: "look" }
  | { kind: "changed" }
  | { kind: "ignored" };

/** A question of Claude's to the owner, answered by keys: a permission, a choice, a plan, a form. */
export interface Question {
  readonly permissionId: string;
  view(): QuestionView;
  hear(key: Key): Heard;
}

export const changed: Heard = { kind: "changed" };
export const ignored: Heard = { kind: "ignored" };
export const answered = (answer: PermissionAnswer): Heard => ({ kind: "answer", answer });

/** The character of a key, for choices. */
export const characterOf = (key: Key): string => (key.kind === "text" ? key.text : "");
