const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** A span in words, in at most two units: "3 h 12 min", "2 min", "8 s". */
export function spanInWords(spanMs: number): string {
  const span = Math.max(0, spanMs);
  if (span < minuteMs) return `${Math.round(span / 1000)} s`;
  if (span < hourMs) return `${Math.floor(span / minuteMs)} min`;
  const hours = Math.floor(span / hourMs);
  const minutes = Math.floor((span % hourMs) / minuteMs);
  if (span < 10 * hourMs && minutes > 0) return `${hours} h ${minutes} min`;
  if (span < 2 * dayMs) return `${hours} h`;
  return `${Math.floor(span / dayMs)} days`;
}

/** A span in one unit, where there is little room: "3h", "41min". */
export function shortSpan(spanMs: number): string {
  const span = Math.max(0, spanMs);
  if (span < minuteMs) return `${Math.round(span / 1000)} s`;
  if (span < hourMs) return `${Math.floor(span / minuteMs)} min`;
  if (span < 2 * dayMs) return `${Math.floor(span / hourMs)} h`;
  return `${Math.floor(span / dayMs)} d`;
}

/** An instant as people say it: relative under a day, else a date. */
export function timeInWords(at: number, now: number): string {
  const age = now - at;
  if (age < 45_000) return "now";
  if (age < dayMs) return `${shortSpan(age)} ago`;
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return new Date(at).toLocaleDateString(undefined, {
    day: "numeric",
    month: "short",
    year: sameYear ? undefined : "numeric",
  });
}

/** The exact instant, for a hint and for screen readers. */
export const exactTime = (at: number): string =>
  new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** The time of day: "9:41". */
export const clockTime = (at: number): string =>
  new Date(at).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
