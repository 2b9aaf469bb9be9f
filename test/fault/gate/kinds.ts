/**
 * Which of the failures (F1 to F20) a faulty day stands for, and by what it draws them. Not in it, because they are of real
 * processes, files and bytes, and have tests of their own: F7, F10, F11, F14, F15, F19.
 */
export const faultsOfTheDay: Record<string, readonly string[]> = {
  F1: ["turn: is silent"],
  F2: [
    "turn: says all without a result",
    "turn: writes its reply down and is silent",
    "turn: writes its reply down and crashes",
  ],
  F3: ["stop: hangs"],
  F4: ["interrupt: is not heard"],
  F5: ["turn: speaks for another turn first", "surprise: a result of nobody"],
  F6: ["turn: speaks between turns", "surprise: asks in between"],
  F8: ["surprise: grows", "surprise: grows beyond all bounds"],
  F9: ["surprise: spins"],
  F12: ["transcript lost", "start: cannot go on with its conversation"],
  F13: ["turn: is refused for its history"],
  F16: ["login lost", "turn: login-refused"],
  F17: ["limit reached", "turn: limit-hit"],
  F18: ["start: fails", "start: fails at once", "start: hangs", "start: comes up and crashes"],
  F20: ["disk full", "single commits fail"],
  // Ends of processes and of servers, and leaps of the clock.
  S12: ["turn: crashes", "turn: replies and crashes", "surprise: crashes", "surprise: ends by itself"],
  S13: ["server killed", "server stopped"],
  S18: ["runs without lasting processes"],
  S04: ["clock jumps"],
};

/** What else is drawn: what a sound Claude does, and oddities that are nobody's failure. */
export const soundKinds: ReadonlySet<string> = new Set([
  "start: comes up",
  "start: comes up at once",
  "turn: replies",
  "turn: uses a tool",
  "turn: asks",
  "turn: asks and gives up",
  "turn: names no message",
  "turn: replies twice",
  "turn: fails",
]);
