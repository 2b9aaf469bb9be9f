/** What the program is called where it was started: `daylong` when it is installed, the script's path in a checkout. */
export const programName = (): string => process.env.DAYLONG_COMMAND || "daylong";
