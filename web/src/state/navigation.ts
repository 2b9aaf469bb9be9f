import { createContext } from "preact";
import { useContext } from "preact/hooks";

/** Shows another address of the page. */
export type Go = (path: string, options?: { replace?: boolean }) => void;

export const GoContext = createContext<Go>(() => {});
export const useGo = (): Go => useContext(GoContext);
