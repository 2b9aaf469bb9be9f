import type { QuietHours } from "../../domain/delivery/device.ts";

const minuteMs = 60_000;
const minutesADay = 24 * 60;
const dayMs = minutesADay * minuteMs;

/**
 * The instant at which the quiet hours that hold at `at` end, or `undefined` when none hold. Pure.
 * `startMinute` after `endMinute` goes over midnight; equal ones are none. To the minute, also in the nights in which clocks
 * change: a minute that comes twice begins them the first time and ends them the second, and in place of one that is left
 * out stands the first after the gap. A time zone this computer does not know is as good as no quiet hours.
 */
export function quietEndsAt(quiet: QuietHours | undefined, at: number): number | undefined {
  if (!quiet || quiet.startMinute === quiet.endMinute) return undefined;
  const localTime = localTimeIn(quiet.timeZone);
  if (localTime === undefined) return undefined;
  const startOfToday = Math.floor(localTime(at) / dayMs) * dayMs;
  const lengthMinutes = (quiet.endMinute - quiet.startMinute + minutesADay) % minutesADay;
  for (const day of [startOfToday - dayMs, startOfToday]) {
    const startLocal = day + quiet.startMinute * minuteMs;
    const [startsAt] = instantsOf(startLocal, localTime);
    const [, endsAt] = instantsOf(startLocal + lengthMinutes * minuteMs, localTime);
    if (startsAt <= at && at < endsAt) return endsAt;
  }
  return undefined;
}

/** Local time of an instant, as the milliseconds of the same date and time in UTC, to the minute. */
type LocalTime = (at: number) => number;

/** The first and the last instant of a local time; those of the first minute after a gap when the gap leaves it out. */
function instantsOf(local: number, localTime: LocalTime): [first: number, last: number] {
  // No zone is a day from UTC, and none changes its clocks twice in two days.
  const offsets = [local - dayMs, local + dayMs].map((at) => localTime(at) - at);
  const instants = offsets.map((offset) => local - offset).sort((a, b) => a - b);
  const found = instants.filter((at) => localTime(at) === local);
  let first = found[0] ?? instants[0]!;
  // In a gap: the earlier of the two instants lies before it, and the gap is as long as they are apart.
  while (localTime(first) < local) first += minuteMs;
  return [first, found.at(-1) ?? first];
}

function localTimeIn(timeZone: string): LocalTime | undefined {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  } catch {
    // RangeError for an unknown zone. It must not break the transaction that this is called in.
    return undefined;
  }
  return (at) => {
    const parts = format.formatToParts(at);
    const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
    return Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"));
  };
}
