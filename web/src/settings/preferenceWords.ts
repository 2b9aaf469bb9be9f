/** The kinds of push that a device may mute, in words. What waits for the owner is not among them. */
export const mutableKinds = [
  { kind: "reply", name: "Replies", detail: "Claude has finished an answer" },
  { kind: "failed", name: "Failures", detail: "an answer ended in an error" },
  { kind: "task", name: "Tasks", detail: "work in the background has ended" },
  { kind: "notice", name: "Notices", detail: "Claude wants you to know something" },
  { kind: "expiring", name: "Expiry warnings", detail: "a session’s 24 hours are almost over" },
  { kind: "expired", name: "Expired", detail: "a session’s 24 hours are over" },
  { kind: "limit", name: "Usage limits", detail: "reached, and lifted" },
  { kind: "crashed", name: "Crashes", detail: "a session is quarantined" },
  { kind: "login", name: "Login", detail: "Claude has to be logged in again" },
  { kind: "resource", name: "Memory and CPU", detail: "a process uses too much" },
] as const;

/** 1,320 as "22:00". */
export const timeOf = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

/** "22:00" as 1,320; what is no time is midnight. */
export function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const minute = hours * 60 + minutes;
  return Number.isInteger(minute) && minute >= 0 && minute < 1_440 ? minute : 0;
}
