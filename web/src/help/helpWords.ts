/** What each kind of push says, and what there is to do. */
export const pushHelp: ReadonlyArray<{ name: string; words: string }> = [
  { name: "Reply", words: "Claude has finished an answer. Tap to read it whole." },
  {
    name: "Failure",
    words: "An answer ended in an error; the conversation says which. What you wrote is kept.",
  },
  { name: "Permission, plan", words: "Claude wants to run something, or shows a plan, and waits for you." },
  { name: "Question, form", words: "Claude, or a tool server, asks you something and waits for the answer." },
  { name: "Expires soon", words: "A session’s 24 hours are almost over. “Keep alive” opens the next ones." },
  { name: "Expired", words: "They are over. A message brings the session back with its context." },
  { name: "Notice", words: "Claude itself wants you to know something, such as that a long job is done." },
  { name: "Task", words: "Work in the background has ended and Claude said nothing about it." },
  {
    name: "Crashed",
    words: "A session’s process crashed again and again; it rests until the time it names.",
  },
  {
    name: "Usage limit",
    words: "Your plan’s window is used up, or has begun anew. Waiting messages run by themselves.",
  },
  { name: "Login", words: "Claude has to be logged in again on the computer: “daylong login”." },
  { name: "Memory or CPU", words: "Processes use more than their limit, and what was done about it." },
];
