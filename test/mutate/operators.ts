import { type ByteRange, childrenOf, isNode, type SourceText, type SyntaxNode } from "./syntax.ts";

/** One small change of a source text that tests should notice. */
export interface Edit extends ByteRange {
  operator: string;
  replacement: string;
}

interface Place {
  source: SourceText;
  parent: SyntaxNode | undefined;
}

type Operator = (node: SyntaxNode, place: Place) => Edit[];

const swaps: Record<string, string> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "+=": "-=",
  "-=": "+=",
  "??=": "=",
  "||=": "=",
  "&&=": "=",
};
const operatorNames: Record<string, string> = {
  "<": "boundary",
  "<=": "boundary",
  ">": "boundary",
  ">=": "boundary",
  "===": "equality",
  "!==": "equality",
  "&&": "logic",
  "||": "logic",
};
const methodSwaps = new Map([
  ["some", "every"],
  ["every", "some"],
  ["min", "max"],
  ["max", "min"],
]);

/** Numbers from here on are limits and durations, of which one more is no difference in behaviour. */
const leastMeasure = 100;
const logMethods = new Set(["debug", "info", "warn", "error"]);
const proseKeys = new Set(["detail", "message", "title", "description", "summary"]);

const field = (node: SyntaxNode | undefined, name: string): SyntaxNode | undefined => {
  const value = node?.[name];
  return isNode(value) ? value : undefined;
};
const isZero = (node: SyntaxNode | undefined) => node?.type === "NumericLiteral" && node.value === 0;
const argumentsOf = (call: SyntaxNode | undefined) =>
  call?.type === "CallExpression" ? (call.arguments as { expression: SyntaxNode }[]) : [];
const methodOf = (call: SyntaxNode | undefined) => field(field(call, "callee"), "property")?.value;

/** Whether the node decides alone over a branch: its negation is a mutant of the statement around it. */
const isTest = (node: SyntaxNode, parent: SyntaxNode | undefined) => parent?.test === node;

/** `Math.max(0, ...)` and the like guard against what arithmetic could give; the guard's bound is seldom observable. */
const isGuardOfZero = (call: SyntaxNode | undefined) =>
  ["min", "max"].includes(String(methodOf(call))) &&
  argumentsOf(call).some(({ expression }) => isZero(expression));

/** `a?.b` without the wrapper that marks it as optional. */
const unchained = (node: SyntaxNode | undefined) =>
  node?.type === "OptionalChainingExpression" ? field(node, "base") : node;

function isLogCall(node: SyntaxNode | undefined, source: SourceText): boolean {
  const callee = unchained(field(unchained(node), "callee"));
  const object = field(callee, "object");
  if (!object || !logMethods.has(String(field(callee, "property")?.value))) return false;
  return /(^|[.#])log$/i.test(source.textOf(object));
}

/** What is said to people, and what is erased or only loaded. */
function isSkipped(node: SyntaxNode, source: SourceText): boolean {
  const { type } = node;
  if (type === "ImportDeclaration" || type === "ExportAllDeclaration") return true;
  if (isLogCall(node, source)) return true;
  if (type === "NewExpression" && /Error$/.test(source.textOf(field(node, "callee")!))) return true;
  if (type === "KeyValueProperty" && proseKeys.has(String(field(node, "key")?.value)))
    return /^(String|Template)Literal$/.test(field(node, "value")!.type);
  // The wrappers of an expression (`as`, `satisfies`, `!`) hold one that runs; all else of TypeScript's own is erased.
  return type.startsWith("Ts") && field(node, "expression") === undefined;
}

const replaced = (operator: string, node: SyntaxNode, { source }: Place, replacement: string): Edit => ({
  operator,
  ...source.rangeOf(node),
  replacement,
});

const negateTest: Operator = (node, place) => {
  const test = field(node, "test");
  if (!test) return [];
  const isNegation = test.type === "UnaryExpression" && test.operator === "!";
  const opposite = isNegation
    ? place.source.textOf(field(test, "argument")!)
    : `!(${place.source.textOf(test)})`;
  return [replaced("condition", test, place, opposite)];
};

const negateTestOrDropElse: Operator = (node, place) => {
  const alternate = field(node, "alternate");
  if (!alternate) return negateTest(node, place);
  const start = place.source.rangeOf(field(node, "consequent")!).end;
  const { end } = place.source.rangeOf(alternate);
  return [...negateTest(node, place), { operator: "else branch", start, end, replacement: "" }];
};

const changeBinary: Operator = (node, place) => {
  const operator = String(node.operator);
  const [left, right] = [field(node, "left")!, field(node, "right")!];
  const [leftText, rightText] = [place.source.textOf(left), place.source.textOf(right)];
  if (operator === "??") return [replaced("fallback", node, place, leftText)];
  const edits: Edit[] = [];
  const isEquality = operator === "===" || operator === "!==";
  if (swaps[operator] && !(isEquality && isTest(node, place.parent))) {
    const swapped = `${leftText} ${swaps[operator]} ${rightText}`;
    const isLogic = operator === "&&" || operator === "||";
    edits.push(
      replaced(operatorNames[operator] ?? "arithmetic", node, place, isLogic ? `(${swapped})` : swapped),
    );
  }
  if (isEquality && right.type === "StringLiteral" && right.value !== "")
    edits.push(replaced("compared text", right, place, '""'));
  return edits;
};

const changeAssignment: Operator = (node, place) => {
  const swap = swaps[String(node.operator)];
  if (!swap) return [];
  const [left, right] = [
    place.source.textOf(field(node, "left")!),
    place.source.textOf(field(node, "right")!),
  ];
  return [replaced("assignment", node, place, `${left} ${swap} ${right}`)];
};

const swapUpdate: Operator = (node, place) => {
  const text = place.source.textOf(node);
  const swapped = text.includes("++") ? text.replace("++", "--") : text.replace("--", "++");
  return [replaced("arithmetic", node, place, swapped)];
};

const dropNegation: Operator = (node, place) =>
  node.operator === "!" && !isTest(node, place.parent)
    ? [replaced("condition", node, place, place.source.textOf(field(node, "argument")!))]
    : [];

const effects = new Set([
  "CallExpression",
  "AwaitExpression",
  "AssignmentExpression",
  "UpdateExpression",
  "OptionalChainingExpression",
]);

const dropStatement: Operator = (node, place) => {
  const expression = field(node, "expression")!;
  if (!effects.has(expression.type) || isLogCall(expression, place.source)) return [];
  // A constructor without it would throw whatever the tests look at.
  if (field(expression, "callee")?.type === "Super") return [];
  return [replaced("statement", node, place, ";")];
};

const dropAwait: Operator = (node, place) => [
  replaced("await", node, place, place.source.textOf(field(node, "argument")!)),
];

const dropOptionalGuard: Operator = (node, place) => {
  if (node.optional !== true) return [];
  const base = field(node, "base")!;
  const guarded = field(base, "object") ?? field(base, "callee");
  const { end } = place.source.rangeOf(node);
  const from = place.source.rangeOf(guarded!).end;
  const rest = place.source.textIn({ start: from, end });
  if (!rest.startsWith("?.")) return [];
  const replacement = /^\?\.[[(]/.test(rest) ? `!${rest.slice(2)}` : `!.${rest.slice(2)}`;
  return [replaced("optional guard", node, place, `${place.source.textOf(guarded!)}${replacement}`)];
};

const dropCase: Operator = (node, place) => {
  const siblings = (place.parent?.cases as unknown[] | undefined) ?? [];
  return siblings.length > 1 && (node.consequent as unknown[]).length > 0
    ? [replaced("case", node, place, "")]
    : [];
};

const emptyReturn: Operator = (node, place) => {
  const argument = field(node, "argument");
  if (!argument) return [];
  if (argument.type === "ArrayExpression")
    return (argument.elements as unknown[]).length > 0 ? [replaced("return", argument, place, "[]")] : [];
  const text = place.source.textOf(argument);
  return text === "undefined" ? [] : [replaced("return", argument, place, "undefined")];
};

const returnEarly: Operator = (node, place) => {
  const { parent, source } = place;
  const holder = parent?.type ?? "";
  if (!/Function|Method/.test(holder)) return [];
  // Of a body with one statement only, the removal of the statement is the same.
  if ((node.stmts as unknown[]).length < 2) return [];
  const start = source.rangeOf(node).start + 1;
  return [{ operator: "early return", start, end: start, replacement: " return;" }];
};

const swapMethod: Operator = (node, place) => {
  const swap = methodSwaps.get(String(methodOf(node)));
  if (!swap || isGuardOfZero(node)) return [];
  return [replaced("method", field(field(node, "callee"), "property")!, place, swap)];
};

const changeNumber: Operator = (node, place) => {
  if (isZero(node) && isGuardOfZero(place.parent)) return [];
  const value = Number(node.value);
  return [replaced("number", node, place, String(value < leastMeasure ? value + 1 : value * 2))];
};

const flipBoolean: Operator = (node, place) => [
  replaced("boolean", node, place, node.value === true ? "false" : "true"),
];

const operators: Record<string, Operator> = {
  IfStatement: negateTestOrDropElse,
  ConditionalExpression: negateTest,
  WhileStatement: negateTest,
  DoWhileStatement: negateTest,
  ForStatement: negateTest,
  BinaryExpression: changeBinary,
  AssignmentExpression: changeAssignment,
  UpdateExpression: swapUpdate,
  UnaryExpression: dropNegation,
  ExpressionStatement: dropStatement,
  AwaitExpression: dropAwait,
  OptionalChainingExpression: dropOptionalGuard,
  SwitchCase: dropCase,
  ReturnStatement: emptyReturn,
  FunctionBody: returnEarly,
  BlockStatement: returnEarly,
  CallExpression: swapMethod,
  NumericLiteral: changeNumber,
  BooleanLiteral: flipBoolean,
};

/** All edits that the operators make of a source text, in its order. Whether a result type checks is not known here. */
export function editsOf(source: SourceText): Edit[] {
  const edits: Edit[] = [];
  const visit = (node: SyntaxNode, parent: SyntaxNode | undefined): void => {
    if (isSkipped(node, source)) return;
    edits.push(...(operators[node.type]?.(node, { source, parent }) ?? []));
    for (const child of childrenOf(node)) visit(child, node);
  };
  visit(source.root, undefined);
  return edits.sort((a, b) => a.start - b.start || a.end - b.end);
}
