import type { PermissionMode } from "../../../client/src/index.ts";

/** What each permission mode means. */
export const modeWords: Record<PermissionMode, string> = {
  default: "Asks before it changes anything",
  plan: "Plans first, changes nothing",
  acceptEdits: "Edits files without asking",
  dontAsk: "Never asks: what is not allowed is denied",
  bypassPermissions: "Asks nothing, may do everything",
};
