import type { QuietHours } from "../../domain/delivery/device.ts";

const minutesADay = 24 * 60;

/**
 * The instant at which the quiet hours that hold at `at` end, or `undefined` when none hold. Pure.
 * `startMinute` after `endMinute` goes over midnight; equal ones are none. To the minute; on the night of a clock
 * change the end may be an hour off. A time zone this computer does not know is as good as no quiet hours.
 */
export function quietEndsAt(quiet: QuietHours | undefined, at: number): number | undefined {
  if (!quiet) return undefined;
  const minute = minuteOfDay(quiet.timeZone, at);
  if (minute === undefined) return undefined;
  const lengthMinutes = (quiet.endMinute - quiet.startMinute + minutesADay) % minutesADay;
  const sinceStart = (minute - quiet.startMinute + minutesADay) % minutesADay;
  if (sinceStart >= lengthMinutes) return undefined;
  const minuteStartAt = at - (at % 60_000);
  return minuteStartAt + (lengthMinutes - sinceStart) * 60_000;
}

function minuteOfDay(timeZone: string, at: number): number | undefined {
  try {
    const parts = new Intl.DateTimeFormat("en-GB", {
      timeZone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    }).formatToParts(at);
    const value = (type: string) => Number(parts.find((part) => part.type === type)?.value);
    return value("hour") * 60 + value("minute");
  } catch {
    // RangeError for an unknown zone. It must not break the transaction that this is called in.
    return undefined;
  }
}
