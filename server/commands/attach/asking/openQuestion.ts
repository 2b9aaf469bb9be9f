import type { Permission, PermissionAnswer } from "../../../../client/src/index.ts";
import type { Key } from "../terminal/keys.ts";
import type { Question } from "./question.ts";
import { questionOf } from "./questionOf.ts";

/** A key so soon after a question came was meant for a message that was being begun. */
const armedAfterMs = 500;

export interface OpenQuestionParts {
  now(): number;
  /** The whole input is to be shown. */
  onLook(permission: Permission): void;
  onAnswer(permission: Permission, answer: PermissionAnswer): void;
}

/**
 * The question that waits for the owner, and whether keys answer it. A question that comes in the middle of a message does
 * not take its next letters: it takes keys only when nothing is being written, and only after a moment.
 */
export class OpenQuestion {
  readonly #parts: OpenQuestionParts;
  #permission: Permission | undefined;
  #question: Question | undefined;
  #takesKeys = false;
  #armedAt = 0;

  constructor(parts: OpenQuestionParts) {
    this.#parts = parts;
  }

  /** What is asked now; nothing: nothing is. */
  get question(): Question | undefined {
    return this.#question;
  }

  /** Whether keys go to the question; else they go to the message. */
  get takesKeys(): boolean {
    return this.#takesKeys;
  }

  /** How long until its keys answer; 0: they do. */
  get armedInMs(): number {
    return Math.max(0, this.#armedAt - this.#parts.now());
  }

  /** The permission that is open now. True: it is another one than before, and calls for the owner. */
  follow(permission: Permission | undefined, isWriting: boolean): boolean {
    if (permission?.permissionId === this.#permission?.permissionId) return false;
    this.#permission = permission;
    this.#question = permission === undefined ? undefined : questionOf(permission);
    this.#takesKeys = permission !== undefined && !isWriting;
    this.#armedAt = this.#parts.now() + armedAfterMs;
    return permission !== undefined;
  }

  /** The answer was refused: it is asked from the beginning, if it still is. */
  askAgain(permissionId: string): void {
    if (this.#permission?.permissionId === permissionId) this.#question = questionOf(this.#permission);
  }

  /** False: the key is one of the message. */
  hear(key: Key): boolean {
    const [permission, question] = [this.#permission, this.#question];
    if (permission === undefined || question === undefined) return false;
    const isInField = this.#takesKeys && question.view().field !== undefined;
    if (key.kind === "key" && key.name === "tab" && !isInField) {
      this.#takesKeys = !this.#takesKeys;
      this.#armedAt = 0;
      return true;
    }
    if (!this.#takesKeys) return false;
    if (this.armedInMs > 0) {
      this.#takesKeys = false;
      return false;
    }
    const heard = question.hear(key);
    if (heard.kind === "look") this.#parts.onLook(permission);
    if (heard.kind === "answer") this.#parts.onAnswer(permission, heard.answer);
    return true;
  }
}
