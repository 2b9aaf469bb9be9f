import { exactTime, timeInWords } from "./times.ts";

/** An instant in words, with the exact one on hover and for screen readers. */
export function Time({ at, now }: { at: number; now: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)}>
      {timeInWords(at, now)}
    </time>
  );
}
