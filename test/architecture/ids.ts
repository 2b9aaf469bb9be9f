import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "@swc/core";

/** A title of a test or of a group of tests, and the file in which it stands. */
export interface TestTitle {
  path: string;
  title: string;
}

/** An id as a document defines it. */
export interface DefinedId {
  id: string;
  /** Nothing shows it yet: it belongs to the open work. */
  isPlanned: boolean;
  /** Test files that the definition names. */
  paths: string[];
}

/** Standards that look like ids of ours. */
const standards = new Set(["UTF-8", "UTF-16", "SHA-256", "AES-256", "RFC-9457"]);

/** A range (`F1-F6`), a feature (S01), a promise or failure (V7, F20), or an entry of a named series (NET-3). */
const idPattern = /\b([VF])(\d{1,2})-\1(\d{1,2})\b|\b(?:[STDAPCIO]\d{2}|[VF]\d{1,2}|[A-Z]{3,}-\d{1,3})\b/g;

/** Every id in a text; a range counts as all of its members. */
export function idsIn(text: string): string[] {
  return [...text.matchAll(idPattern)]
    .flatMap(([whole, series, first, last]) => {
      if (series === undefined) return [whole];
      const length = Math.max(0, Number(last) - Number(first) + 1);
      return Array.from({ length }, (_, index) => `${series}${Number(first) + index}`);
    })
    .filter((id) => !standards.has(id));
}

/** The titles of all tests below a directory: of `test`, `describe`, and their `.each`. */
export function testTitles(directory: string): TestTitle[] {
  return (readdirSync(directory, { recursive: true }) as string[])
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(directory, file))
    .flatMap((path) => titlesIn(readFileSync(path, "utf8")).map((title) => ({ path, title })));
}

/** The titles in the source of a test file. */
export function titlesIn(source: string): string[] {
  const titles: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
      return;
    }
    if (typeof node !== "object" || node === null) return;
    const call = node as Call;
    if (call.type === "CallExpression" && isTestFunction(call.callee) && !isTable(call.callee)) {
      const [title] = call.arguments;
      if (title) titles.push(...textsOf(title.expression));
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(parseSync(source, { syntax: "typescript", target: "es2022" }).body);
  return titles;
}

/** The ids that a document defines: rows of its tables whose first cell is nothing but an id. */
export function definedIds(markdown: string): DefinedId[] {
  return markdown.split("\n").flatMap((line) => {
    const cells = line.startsWith("|") ? line.split("|").map((cell) => cell.trim()) : [];
    const [, id = ""] = cells;
    if (idsIn(id).length !== 1 || idsIn(id)[0] !== id) return [];
    const last = cells.at(-2) ?? "";
    const paths = [...last.matchAll(/`(test\/[^`]+)`/g)].map((match) => match[1]!);
    return [{ id, isPlanned: /^planned\b/.test(last), paths }];
  });
}

interface Call {
  type: string;
  callee: unknown;
  arguments: Array<{ expression: unknown }>;
}

interface Node {
  type: string;
  [field: string]: unknown;
}

/** `test`, `test.only`, `test.each([...])`, and the same of `describe`. */
function isTestFunction(callee: unknown): boolean {
  const node = callee as Node;
  switch (node.type) {
    case "Identifier":
      return node.value === "test" || node.value === "describe" || node.value === "it";
    case "MemberExpression":
      return isTestFunction(node.object);
    case "CallExpression":
    case "TaggedTemplateExpression":
      return isTestFunction(node.callee ?? node.tag);
    default:
      return false;
  }
}

/** `test.each`, whose argument is a table of cases: the title is the argument of what it returns. */
const isTable = (callee: unknown): boolean => {
  const { type, property } = callee as Node;
  return type === "MemberExpression" && (property as Node).value === "each";
};

/** Every text in an expression: of a literal, or of the parts of a template. */
function textsOf(expression: unknown): string[] {
  if (Array.isArray(expression)) return expression.flatMap(textsOf);
  if (typeof expression !== "object" || expression === null) return [];
  const node = expression as Node;
  if (node.type === "StringLiteral") return [node.value as string];
  if (node.type === "TemplateElement") return [node.raw as string];
  if (/Function|Identifier/.test(node.type)) return [];
  return Object.values(node).flatMap(textsOf);
}
