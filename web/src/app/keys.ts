import type { Daylong } from "../state/daylong.ts";
import type { Go } from "../state/navigation.ts";

/** The keys of the page that hold everywhere but in a field: `j` and `k` for sessions, `a` and `d` for the first decision in view. */
export function listenForKeys(daylong: Daylong, go: Go): void {
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable]")) return;
    switch (event.key) {
      case "j":
      case "k":
        step(event.key === "j" ? 1 : -1, go);
        break;
      case "a":
      case "d": {
        const name = event.key === "a" ? "allow" : "deny";
        const buttons = [...document.querySelectorAll<HTMLButtonElement>(`#main [data-key="${name}"]`)];
        buttons.find((button) => !button.disabled)?.click();
        break;
      }
      case "/":
        event.preventDefault();
        document.querySelector<HTMLTextAreaElement>("#main textarea")?.focus();
        break;
      case "Escape": {
        const sessionId = /^\/s\/([^/]+)/.exec(location.pathname)?.[1];
        const current = daylong.current.value;
        if (sessionId && current?.sessions.get(sessionId)?.turn)
          // Nothing runs any more: that is what was wanted.
          current.client.interrupt(sessionId).catch(() => {});
        break;
      }
      default:
    }
  });
}

/** To the next session of the list, in the order of the screen. */
function step(by: 1 | -1, go: Go): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".session-line")];
  const at = links.findIndex((link) => link.getAttribute("aria-current") === "page");
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  if (!next) return;
  go(new URL(next.href).pathname);
  next.scrollIntoView({ block: "nearest" });
}
