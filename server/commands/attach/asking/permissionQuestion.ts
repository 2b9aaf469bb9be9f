import type { Permission, PermissionAnswer } from "../../../../client/src/index.ts";
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

/** How long an allow holds, by the key that gives it. */
const scopeKeys = { y: "once", s: "session", a: "always" } as const;
const scopeWords = { once: "allow once", session: "for this session", always: "always" } as const;

/** Question whether a tool may run, or whether a plan is good. */
export class PermissionQuestion implements Question {
  readonly #permission: Permission;
  /** Something of it is hidden or cut: its title alone is not enough to allow it by. */
  #isSeen: boolean;
  #field: WordsField | undefined;

  constructor(permission: Permission) {
    this.#permission = permission;
    this.#isSeen = !permission.lookFirst && !permission.truncated;
  }

  get permissionId(): string {
    return this.#permission.permissionId;
  }

  view(): QuestionView {
    const { agent, title, description, kind, server } = this.#permission;
    const from = agent === undefined ? "Claude" : (agent.description ?? agent.type ?? "A subagent");
    const asks = kind === "plan" ? " has a plan: may it go on?" : " asks for a permission";
    const words: Span[][] = [
      [
        { text: from, looks: ["bold", "yellow"] },
        { text: `${asks}${server === undefined ? "" : ` (server ${server})`}`, looks: ["yellow"] },
      ],
      [{ text: title, looks: ["bold"] }],
    ];
    if (description !== undefined && description !== "" && kind !== "plan")
      words.push([{ text: description, looks: ["dim"] }]);
    if (!this.#isSeen)
      words.push([
        { text: "Not everything that would be done is shown above: look at it first.", looks: ["red"] },
      ]);
    return { words, choices: this.#choices(), field: this.#field };
  }

  hear(key: Key): Heard {
    if (this.#field !== undefined) return this.#hearField(key, this.#field);
    const character = characterOf(key);
    switch (character) {
      case "y":
      case "s":
      case "a": {
        const scope = scopeKeys[character];
        if (!this.#isSeen || !this.#scopes().includes(scope)) return ignored;
        return answered(allowed(scope));
      }
      case "n":
        return answered({ decision: "deny" });
      case "m":
        this.#field = new WordsField("What Claude is to do instead");
        return changed;
      case "v":
        this.#isSeen = true;
        return { kind: "look" };
      default:
        return ignored;
    }
  }

  #hearField(key: Key, field: WordsField): Heard {
    const words = field.hear(key);
    if (words === undefined) return changed;
    this.#field = undefined;
    return words === null || words === "" ? changed : answered({ decision: "deny", message: words });
  }

  #scopes(): readonly (keyof typeof scopeWords)[] {
    const { kind, scopes } = this.#permission;
    return kind === "plan" ? ["once"] : scopes;
  }

  #choices(): Choice[] {
    const isPlan = this.#permission.kind === "plan";
    const scopes = this.#scopes();
    const allow = this.#isSeen
      ? Object.entries(scopeKeys)
          .filter(([, scope]) => scopes.includes(scope))
          .map(([key, scope]) => ({ key, says: isPlan ? "go on" : scopeWords[scope] }))
      : [];
    return [
      ...allow,
      { key: "n", says: isPlan ? "keep planning" : "deny" },
      { key: "m", says: "deny and say why" },
      { key: "v", says: isPlan ? "read the plan" : "show it whole" },
    ];
  }
}

const allowed = (scope: keyof typeof scopeWords): PermissionAnswer =>
  scope === "once" ? { decision: "allow" } : { decision: "allow", scope };
