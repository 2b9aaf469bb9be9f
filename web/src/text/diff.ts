/** A line of a unified diff. */
export interface DiffLine {
  kind: "context" | "added" | "removed" | "hunk" | "note";
  text: string;
  /** Numbers of the line in the old and the new file. */
  before?: number;
  after?: number;
}

/** Reads a unified diff of one file; what stands before the first hunk is left out. */
export function diffLines(diff: string): DiffLine[] {
  const lines: DiffLine[] = [];
  let before = 0;
  let after = 0;
  let isInHunk = false;
  for (const line of diff.split("\n")) {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)/.exec(line);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      isInHunk = true;
      lines.push({ kind: "hunk", text: (hunk[3] ?? "").trim() });
    } else if (!isInHunk) {
      if (/^Binary files/.test(line)) lines.push({ kind: "note", text: "A binary file." });
    } else if (line.startsWith("+")) lines.push({ kind: "added", text: line.slice(1), after: after++ });
    else if (line.startsWith("-")) lines.push({ kind: "removed", text: line.slice(1), before: before++ });
    else if (line.startsWith("\\")) lines.push({ kind: "note", text: line.slice(2) });
    else if (line.startsWith(" "))
      lines.push({ kind: "context", text: line.slice(1), before: before++, after: after++ });
    // The diff of another file begins.
    else if (line !== "") isInHunk = false;
  }
  return lines;
}

/** Lines that stay around a change. */
const around = 3;

/** The change of one text into another, as lines: what an edit would do, before anything has been done. */
export function linesBetween(before: string, after: string): DiffLine[] {
  const old = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const fresh = after === "" ? [] : after.replace(/\n$/, "").split("\n");
  let head = 0;
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < fresh.length - head && old.at(-1 - tail) === fresh.at(-1 - tail))
    tail += 1;
  const context = (text: string): DiffLine => ({ kind: "context", text });
  return [
    ...old.slice(Math.max(0, head - around), head).map(context),
    ...old.slice(head, old.length - tail).map((text): DiffLine => ({ kind: "removed", text })),
    ...fresh.slice(head, fresh.length - tail).map((text): DiffLine => ({ kind: "added", text })),
    ...old.slice(old.length - tail, Math.min(old.length, old.length - tail + around)).map(context),
  ];
}
