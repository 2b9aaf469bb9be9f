/** The cursors and epochs of a returning device and of the log. */
export interface ResumeFacts {
  /** The last cursor the device holds, if it says so. */
  cursor?: number;
  /** The epoch it knew the log by, if it says so. */
  epoch?: string;
  /** Its last ack; `null`: it never acked. */
  ackedCursor: number | null;
  log: { epoch: string; tip: number; floor: number };
}

/** The replay goes on after `cursor`. `recovered: false` says that events may be missing before it. */
export interface ResumePoint {
  cursor: number;
  recovered: boolean;
}

/**
 * Decides the cursor after which the replay to a returning device begins. Pure; for sockets and long polls alike.
 *
 * Loss is reported, never assumed away: another epoch, a cursor from the future (a restored backup, or a client that mixes
 * up servers) or one below what retention has cut all mean that the device starts over at the tip. A device that never
 * acked has nothing to lose and starts at the tip in good order.
 */
export function resumePoint({ cursor, epoch, ackedCursor, log }: ResumeFacts): ResumePoint {
  const from = cursor ?? ackedCursor;
  const sameLog = epoch === undefined || epoch === log.epoch;
  if (from === null) return { cursor: log.tip, recovered: sameLog };
  if (!sameLog || from > log.tip || from < log.floor) return { cursor: log.tip, recovered: false };
  return { cursor: from, recovered: true };
}
