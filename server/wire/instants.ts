import { z } from "zod";

/** An instant: integer milliseconds since the epoch. */
export const instantSchema = z.number().int().nonnegative();
/** A span of time, in milliseconds. */
export const durationMsSchema = z.number().nonnegative();
/** A number of things. */
export const countSchema = z.number().int().nonnegative();
/** A place in the log. */
export const cursorSchema = z.number().int().nonnegative();

/** An instant as OpenAI's interface has it: whole seconds since the epoch. */
export const secondsSchema = z.number().int().nonnegative();
