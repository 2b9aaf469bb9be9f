import { z } from "zod";

/** An instant: integer milliseconds since the epoch. */
export const instantSchema = z.number().int().nonnegative();
/** Instants before March 1973 and after the year 5138 are seconds, or microseconds, that somebody took for milliseconds. */
const millisecondsRange = [1e11, 1e14] as const;

/** An instant that a client chooses. */
export const chosenInstantSchema = instantSchema.refine(
  (at) => at >= millisecondsRange[0] && at < millisecondsRange[1],
  "must be in milliseconds since the Unix epoch, not in seconds or microseconds",
);

/** A span of time, in milliseconds. */
export const durationMsSchema = z.number().nonnegative();
/** A number of things. */
export const countSchema = z.number().int().nonnegative();
/** A place in the log. */
export const cursorSchema = z.number().int().nonnegative();

/** An instant as OpenAI's interface has it: whole seconds since the epoch. */
export const secondsSchema = z.number().int().nonnegative();
