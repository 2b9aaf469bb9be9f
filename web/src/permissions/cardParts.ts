import type { Permission, PermissionAnswer } from "../../../client/src/index.ts";

/** What each kind of card gives to decide by. */
export interface CardParts {
  permission: Permission;
  isBusy: boolean;
  answer(answer: PermissionAnswer): void;
  /** Little room: long inputs are folded. */
  isBrief: boolean;
}
