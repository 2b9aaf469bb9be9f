import type { Permission } from "../../../../client/src/index.ts";
import type { Key } from "../terminal/keys.ts";
import type { Span } from "../terminal/layout.ts";
import {
  answered,
  changed,
  characterOf,
  type Heard,
  ignored,
  type Question,
  type QuestionView,
} from "./question.ts";
import { WordsField } from "./wordsField.ts";

interface AskedChoice {
  question: string;
  header?: string;
  multiSelect?: boolean;
  options?: Array<{ label: string; description?: string }>;
}

/** Most choices that a digit can stand for. */
const mostDigits = 9;

/** Questions with answers to choose from, one after the other; an answer in own words can always be given. */
export class ChoiceQuestion implements Question {
  readonly permissionId: string;
  readonly #questions: readonly AskedChoice[];
  readonly #answers: Record<string, string> = {};
  /** Of a question with several answers, what is chosen now. */
  #chosen: string[] = [];
  #field: WordsField | undefined;
  #at = 0;

  constructor({ permissionId, questions = [] }: Permission) {
    this.permissionId = permissionId;
    this.#questions = questions as AskedChoice[];
  }

  view(): QuestionView {
    const asked = this.#questions[this.#at];
    if (asked === undefined)
      return { words: [[{ text: "Claude asks nothing." }]], choices: [{ key: "n", says: "decline" }] };
    const count = this.#questions.length > 1 ? ` (${this.#at + 1} of ${this.#questions.length})` : "";
    const words: Span[][] = [
      [{ text: `Claude asks${count}`, looks: ["bold", "yellow"] }],
      [{ text: asked.question, looks: ["bold"] }],
    ];
    for (const [index, { label, description }] of this.#options().entries()) {
      const box = asked.multiSelect ? (this.#chosen.includes(label) ? "☑ " : "☐ ") : "";
      const more: Span[] = description === undefined ? [] : [{ text: `  ${description}`, looks: ["dim"] }];
      words.push([{ text: ` ${index + 1} `, looks: ["cyan"] }, { text: box + label }, ...more]);
    }
    const last = Math.min(mostDigits, this.#options().length);
    const digits =
      last > 0
        ? [{ key: last === 1 ? "1" : `1-${last}`, says: asked.multiSelect ? "choose" : "answer" }]
        : [];
    const done = asked.multiSelect ? [{ key: "Enter", says: "answer with these" }] : [];
    return {
      words,
      choices: [...digits, ...done, { key: "o", says: "own words" }, { key: "n", says: "decline" }],
      field: this.#field,
    };
  }

  hear(key: Key): Heard {
    const asked = this.#questions[this.#at];
    if (this.#field !== undefined) {
      const words = this.#field.hear(key);
      if (words === undefined) return changed;
      this.#field = undefined;
      if (words === null || words === "" || asked === undefined) return changed;
      return this.#give(asked, [...this.#chosen, words]);
    }
    const character = characterOf(key);
    if (character === "n") return answered({ decision: "deny" });
    if (asked === undefined) return ignored;
    if (character === "o") {
      this.#field = new WordsField("Your answer");
      return changed;
    }
    if (key.kind === "key" && key.name === "enter" && asked.multiSelect && this.#chosen.length > 0)
      return this.#give(asked, this.#chosen);
    const option = /^[1-9]$/.test(character) ? this.#options()[Number(character) - 1] : undefined;
    if (option === undefined) return ignored;
    if (!asked.multiSelect) return this.#give(asked, [option.label]);
    const isChosen = this.#chosen.includes(option.label);
    this.#chosen = isChosen
      ? this.#chosen.filter((one) => one !== option.label)
      : [...this.#chosen, option.label];
    return changed;
  }

  #options(): Array<{ label: string; description?: string }> {
    return (this.#questions[this.#at]?.options ?? []).slice(0, mostDigits);
  }

  #give({ question }: AskedChoice, labels: readonly string[]): Heard {
    this.#answers[question] = labels.join(", ");
    this.#chosen = [];
    this.#at += 1;
    return this.#at < this.#questions.length
      ? changed
      : answered({ decision: "allow", answers: this.#answers });
  }
}
