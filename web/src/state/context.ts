import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Daylong, HostState } from "./daylong.ts";

export const DaylongContext = createContext<Daylong | undefined>(undefined);

export function useDaylong(): Daylong {
  const daylong = useContext(DaylongContext);
  if (daylong === undefined) throw new Error("A part of the page is drawn outside of its state.");
  return daylong;
}

/** For screens that are shown only with a host. */
export function useHost(): HostState {
  const current = useDaylong().current.value;
  if (current === undefined) throw new Error("A screen of a host is drawn without one.");
  return current;
}
