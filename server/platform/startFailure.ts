/** Why a server could not start, as a person can mend it: a full disk says so, whichever file was the first to have no room. */
export function startFailure(error: unknown): string {
  for (const cause of causesOf(error)) {
    const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
    if (/^(?:ENOSPC|SQLITE_FULL)/.test(code)) {
      return "The disk that holds the data folder is full. Free some space, and start again.";
    }
    if (code === "EDQUOT") {
      return "The user's disk quota is used up on the disk that holds the data folder. Free some space, and start again.";
    }
  }
  return error instanceof Error ? error.message : String(error);
}

/** The error, and what caused it, level by level. */
function* causesOf(error: unknown): Generator {
  for (let cause = error, depth = 0; cause !== undefined && depth < 10; depth += 1) {
    yield cause;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
}
