import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** So near to the end the reader is taken to be at it. */
export const endThresholdPx = 60;
/** Rows beyond the edges that are drawn, so that a quick thumb finds them there. */
const overscan = 6;

export type Rows = Virtualizer<HTMLElement, HTMLElement>;

/**
 * Rows of a list of which only those in view are drawn. It holds on to its end: what is added at the end is followed by a
 * reader who is there, and what is added before leaves every reader where they are.
 */
export function useVirtualRows(parts: {
  scroller: RefObject<HTMLElement | null>;
  keys: readonly string[];
  estimate: (index: number) => number;
}): Rows {
  const { scroller, keys, estimate } = parts;
  const [, redraw] = useState(0);
  const options = {
    count: keys.length,
    getScrollElement: () => scroller.current,
    estimateSize: estimate,
    getItemKey: (index: number) => keys[index] ?? index,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: endThresholdPx,
    onChange: () => redraw((count) => count + 1),
  } as const;
  const [rows] = useState<Rows>(() => new Virtualizer(options));
  rows.setOptions(options);
  useLayoutEffect(() => rows._didMount(), []);
  useLayoutEffect(() => rows._willUpdate());
  return rows;
}
