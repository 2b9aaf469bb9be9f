import { parseSync } from "@swc/core";

/** A node of the syntax tree, read structurally: the operators know a few fields of a few types and walk over the rest. */
export interface SyntaxNode {
  type: string;
  span?: { start: number; end: number };
  [field: string]: unknown;
}

/** From `start` up to, but not including, `end`, in bytes of the UTF-8 text. */
export interface ByteRange {
  start: number;
  end: number;
}

const parse = (text: string): SyntaxNode =>
  parseSync(text, { syntax: "typescript", target: "es2022" }) as unknown as SyntaxNode;

/** Whether the text is TypeScript at all; types are not looked at. */
export function isTypeScript(text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A source text with its syntax tree, whose positions it translates into byte ranges of the text. */
export class SourceText {
  readonly root: SyntaxNode;
  readonly #bytes: Buffer;
  /** Where the parser begins to count: spans may continue from an earlier call within the process. */
  readonly #origin: number;

  constructor(text: string) {
    // The empty statement in front has a known place, which tells the origin even where a comment comes first.
    const marked = `;${text}`;
    this.root = parse(marked);
    const [mark, ...body] = this.root.body as SyntaxNode[];
    this.root.body = body;
    this.#origin = mark!.span!.start + 1;
    this.#bytes = Buffer.from(text);
  }

  rangeOf(node: SyntaxNode): ByteRange {
    const { start, end } = node.span!;
    return { start: start - this.#origin, end: end - this.#origin };
  }

  textOf(node: SyntaxNode): string {
    return this.textIn(this.rangeOf(node));
  }

  textIn({ start, end }: ByteRange): string {
    return this.#bytes.subarray(start, end).toString();
  }

  /** Counted from 1. */
  lineAt(offset: number): number {
    return this.textIn({ start: 0, end: offset }).split("\n").length;
  }

  with({ start, end }: ByteRange, replacement: string): string {
    return Buffer.concat([
      this.#bytes.subarray(0, start),
      Buffer.from(replacement),
      this.#bytes.subarray(end),
    ]).toString();
  }
}

export const isNode = (value: unknown): value is SyntaxNode =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

/** The nodes right below; an object without a type (a list's entry, a method's function) stands for its own fields. */
export function childrenOf(value: object): SyntaxNode[] {
  return Object.values(value).flatMap((below: unknown): SyntaxNode[] => {
    if (isNode(below)) return [below];
    return typeof below === "object" && below !== null ? childrenOf(below) : [];
  });
}
