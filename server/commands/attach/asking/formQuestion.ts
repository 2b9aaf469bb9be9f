import type { Permission } from "../../../../client/src/index.ts";
import type { Key } from "../terminal/keys.ts";
import type { Span } from "../terminal/layout.ts";
import {
  answered,
  type Choice,
  changed,
  characterOf,
  type Heard,
  ignored,
  type Question,
  type QuestionView,
} from "./question.ts";
import { WordsField } from "./wordsField.ts";

type Form = NonNullable<Permission["form"]>;
type Field = Form["fields"][number];
type Value = string | number | boolean | string[];

/** Most choices that a digit can stand for. */
const mostDigits = 9;

/** Form of a server of Claude's: its fields are asked one after the other, when the owner wants to fill it in at all. */
export class FormQuestion implements Question {
  readonly permissionId: string;
  readonly #form: Form;
  readonly #values: Record<string, Value> = {};
  /** -1: whether it is filled in at all. */
  #at = -1;
  #chosen: string[] = [];
  #field: WordsField | undefined;
  #fault: string | undefined;

  constructor({ permissionId, form }: Permission) {
    this.permissionId = permissionId;
    this.#form = form ?? { message: "An empty form.", fields: [] };
  }

  view(): QuestionView {
    const { message, server, url, fields } = this.#form;
    const field = fields[this.#at];
    const words: Span[][] = [
      [{ text: server === undefined ? "A form" : `A form of ${server}`, looks: ["bold", "yellow"] }],
      [{ text: message, looks: ["bold"] }],
    ];
    if (url !== undefined) words.push([{ text: "Open: " }, { text: url, looks: ["underline"] }]);
    if (field === undefined) {
      const yes = url !== undefined ? "I have opened it" : fields.length > 0 ? "fill it in" : "agree";
      return {
        words,
        choices: [
          { key: "y", says: yes },
          { key: "n", says: "decline" },
        ],
      };
    }
    words.push([{ text: `${field.label}${field.required ? "" : " (may stay empty)"}` }, ...describe(field)]);
    for (const [index, { label, value }] of optionsOf(field).entries()) {
      const box = field.type === "choices" ? (this.#chosen.includes(value) ? "☑ " : "☐ ") : "";
      words.push([{ text: ` ${index + 1} `, looks: ["cyan"] }, { text: box + label }]);
    }
    if (this.#fault !== undefined) words.push([{ text: this.#fault, looks: ["red"] }]);
    return { words, choices: choicesOf(field), field: this.#field };
  }

  hear(key: Key): Heard {
    const field = this.#form.fields[this.#at];
    if (field === undefined) {
      const character = characterOf(key);
      if (character === "n") return answered({ decision: "deny" });
      return character === "y" ? this.#next() : ignored;
    }
    if (key.kind === "key" && key.name === "escape") return answered({ decision: "deny" });
    if (this.#field !== undefined) {
      const words = this.#field.hear(key);
      return words === undefined || words === null ? changed : this.#write(field, words);
    }
    const isEnter = key.kind === "key" && key.name === "enter";
    const character = characterOf(key);
    if (field.type === "boolean") {
      if (character === "y" || character === "n") return this.#give(field, character === "y");
      return isEnter ? this.#give(field, field.default) : ignored;
    }
    if (isEnter)
      return this.#give(
        field,
        field.type === "choices" && this.#chosen.length > 0 ? this.#chosen : field.default,
      );
    const option = /^[1-9]$/.test(character) ? optionsOf(field)[Number(character) - 1] : undefined;
    if (option === undefined) return ignored;
    if (field.type === "choice") return this.#give(field, option.value);
    const isChosen = this.#chosen.includes(option.value);
    this.#chosen = isChosen
      ? this.#chosen.filter((one) => one !== option.value)
      : [...this.#chosen, option.value];
    return changed;
  }

  #write(field: Field, words: string): Heard {
    if (words === "") return this.#give(field, field.default);
    if (field.type === "text") return this.#give(field, words);
    const number = Number(words);
    const isGood = Number.isFinite(number) && (field.type === "number" || Number.isInteger(number));
    return isGood ? this.#give(field, number) : this.#refuse("A number is wanted.");
  }

  #give(field: Field, value: Value | undefined): Heard {
    if (value === undefined && field.required) return this.#refuse("This one has to be answered.");
    if (value !== undefined) this.#values[field.name] = value;
    return this.#next();
  }

  #refuse(fault: string): Heard {
    this.#fault = fault;
    this.#openField();
    return changed;
  }

  #next(): Heard {
    this.#at += 1;
    this.#chosen = [];
    this.#fault = undefined;
    this.#openField();
    if (this.#at < this.#form.fields.length) return changed;
    return answered({ decision: "allow", answers: this.#values });
  }

  #openField(): void {
    const field = this.#form.fields[this.#at];
    const isWritten = field !== undefined && /^(text|number|integer)$/.test(field.type);
    this.#field = isWritten ? new WordsField(field.label) : undefined;
  }
}

const optionsOf = ({ options = [] }: Field): Array<{ value: string; label: string }> =>
  options.slice(0, mostDigits);

const describe = ({ description, default: usual }: Field): Span[] => [
  ...(description === undefined ? [] : [{ text: `  ${description}`, looks: ["dim"] as const }]),
  ...(usual === undefined ? [] : [{ text: `  [${String(usual)}]`, looks: ["dim"] as const }]),
];

function choicesOf(field: Field): Choice[] {
  const decline = { key: "Esc", says: "decline" };
  switch (field.type) {
    case "boolean":
      return [{ key: "y", says: "yes" }, { key: "n", says: "no" }, decline];
    case "choice":
      return [{ key: "1-9", says: "answer" }, decline];
    case "choices":
      return [{ key: "1-9", says: "choose" }, { key: "Enter", says: "answer with these" }, decline];
    default:
      return [{ key: "Enter", says: "go on" }, decline];
  }
}
