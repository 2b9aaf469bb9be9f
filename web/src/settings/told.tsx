import type { Action } from "./useAction.ts";

/** The outcome of an action; there from the start, so that it is heard when it changes. */
export function Told({ action }: { action: Action }) {
  return (
    <p class={`told ${action.isBad.value ? "fault" : "meta"}`} role="status">
      {action.told.value}
    </p>
  );
}
