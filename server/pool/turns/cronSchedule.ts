/**
 * Schedules of recurring wake-ups: five fields of numbers, lists, ranges and steps, in the computer's own time zone, as
 * crontab(5) describes them. Pure.
 */

const minuteMs = 60_000;
/** A lease is a day; a schedule that has no instant within this time is not waited for. */
const mostMinutesAhead = 366 * 24 * 60;

const bounds = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

/** The values of a field; `undefined` when it cannot be read. */
function valuesOf(field: string, [low, high]: readonly [number, number]): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
    if (match === null) return undefined;
    const [, from, to, step = "1"] = match;
    const first = from === undefined ? low : Number(from);
    // "5/10" means from 5 on; "5" means 5 alone.
    const last = to !== undefined ? Number(to) : from === undefined || match[3] !== undefined ? high : first;
    if (first < low || last > high || first > last || Number(step) === 0) return undefined;
    for (let value = first; value <= last; value += Number(step)) values.add(value);
  }
  return values;
}

/** The first instant after `afterAt` that the schedule names; `undefined`: none, or it cannot be read. */
export function nextInstantOf(schedule: string, afterAt: number): number | undefined {
  const fields = schedule.trim().split(/\s+/);
  const sets = bounds.map((bound, index) => valuesOf(fields[index] ?? "", bound));
  const [minutes, hours, days, months, weekdays] = sets;
  if (fields.length !== 5 || !minutes || !hours || !days || !months || !weekdays) return undefined;
  // Both 0 and 7 are Sunday.
  if (weekdays.has(7)) weekdays.add(0);
  const isAnyDay = fields[2] === "*";
  const isAnyWeekday = fields[4] === "*";
  const fits = (date: Date): boolean => {
    const isDay = days.has(date.getDate());
    const isWeekday = weekdays.has(date.getDay());
    // With both given, either is enough (crontab(5)).
    return isAnyDay || isAnyWeekday ? isDay && isWeekday : isDay || isWeekday;
  };
  let at = Math.floor(afterAt / minuteMs) * minuteMs;
  for (let ahead = 0; ahead < mostMinutesAhead; ahead += 1) {
    at += minuteMs;
    const date = new Date(at);
    if (!months.has(date.getMonth() + 1) || !fits(date)) {
      // On to the hour's end: days change on a full hour in every time zone that a minute is looked at in.
      const rest = 59 - date.getMinutes();
      at += rest * minuteMs;
      ahead += rest;
      continue;
    }
    if (hours.has(date.getHours()) && minutes.has(date.getMinutes())) return at;
  }
  return undefined;
}
