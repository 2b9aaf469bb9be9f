import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";

const atFirst = 10;

/** The newest lines of a log; the others on demand, so that no list scrolls inside the page. */
export function MoreList<Item>(props: {
  name: string;
  items: readonly Item[];
  draw(item: Item, index: number): ComponentChildren;
}) {
  const { name, items, draw } = props;
  const showsAll = useSignal(false);
  const shown = showsAll.value ? items : items.slice(0, atFirst);
  return (
    <>
      <ul class="plain log" aria-label={name}>
        {shown.map(draw)}
      </ul>
      {items.length > atFirst && (
        <button
          type="button"
          class="button quiet small"
          aria-expanded={showsAll.value}
          onClick={() => {
            showsAll.value = !showsAll.value;
          }}
        >
          <span class="heard-only">{name}: </span>
          {showsAll.value ? "Fewer" : `${items.length - atFirst} more`}
        </button>
      )}
    </>
  );
}
