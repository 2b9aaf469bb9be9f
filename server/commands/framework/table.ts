import { headOf, shownName } from "../../domain/visibleText.ts";

/** Rows as columns of text, each as wide as its widest cell, under a line of headings. */
export function tableText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [headings, ...rows].map(line).join("\n");
}

/** Text of others in one line of a terminal: what moves its cursor, or is not seen, as escapes; at most so long. */
export function cellText(text: string, most: number): string {
  const plain = shownName(text.replace(/\s+/g, " ").trim(), Number.POSITIVE_INFINITY);
  return plain.length > most ? `${headOf(plain, most - 1)}…` : plain;
}

/** An instant in the computer's own time zone, to the minute. */
export function timeText(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A span in the largest unit that fits: `3 h`, `5 min`, `20 s`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** Bytes in the largest unit that fits: `3.2 GB`, `12 MB`, `4 kB`. */
export function sizeText(bytes: number): string {
  const units = [
    [1024 ** 3, "GB"],
    [1024 ** 2, "MB"],
    [1024, "kB"],
  ] as const;
  const [unit, name] = units.find(([size]) => bytes >= size) ?? [1, "bytes"];
  const count = bytes / unit;
  return `${count < 10 && unit > 1 ? count.toFixed(1) : Math.round(count)} ${name}`;
}
