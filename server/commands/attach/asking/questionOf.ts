import type { Permission } from "../../../../client/src/index.ts";
import { type Canvas, layOut, type TerminalLine } from "../terminal/layout.ts";
import { markdownLines } from "../terminal/markdown.ts";
import { ChoiceQuestion } from "./choiceQuestion.ts";
import { FormQuestion } from "./formQuestion.ts";
import { PermissionQuestion } from "./permissionQuestion.ts";
import type { Question } from "./question.ts";

/** The question that fits a permission's kind. */
export function questionOf(permission: Permission): Question {
  switch (permission.kind) {
    case "question":
      return new ChoiceQuestion(permission);
    case "form":
      return new FormQuestion(permission);
    default:
      return new PermissionQuestion(permission);
  }
}

/** Everything that would be done: the plan, or the input of the tool, a field a paragraph. */
export function wholeLines({ plan, input, title }: Permission, canvas: Canvas): TerminalLine[] {
  const heading = layOut([{ text: title, looks: ["bold"] }], canvas);
  if (plan !== undefined) return [...heading, ...layOut([], canvas), ...markdownLines(plan, canvas)];
  const fields = Object.entries(input).flatMap(([name, value]) => [
    ...layOut([], canvas),
    ...layOut([{ text: name, looks: ["dim"] }], canvas),
    ...layOut(
      [{ text: typeof value === "string" ? value : JSON.stringify(value, null, 2) }],
      canvas,
      {},
      true,
    ),
  ]);
  return [...heading, ...fields];
}
