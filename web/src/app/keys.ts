import type { Daylong } from "../state/daylong.ts";
import type { Go } from "../state/navigation.ts";

/** The keys of the page that hold everywhere but in a field: `j` and `k` for sessions, `a` and `d` for the first decision in view. */
export function listenForKeys(daylong: Daylong, go: Go): void {
  const steps = new SessionSteps();
  document.addEventListener("pointerdown", () => {
    daylong.isStepping = false;
  });
  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (target instanceof Element && target.closest("input, textarea, select, [contenteditable]")) return;
    daylong.isStepping = event.key === "j" || event.key === "k";
    switch (event.key) {
      case "j":
      case "k":
        steps.step(event.key === "j" ? 1 : -1, go);
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

/**
 * Steps through the sessions in the order of the screen. A session that was opened is read, and moves down to the idle ones:
 * the order in which the steps began holds as long as only steps are made and no session is new.
 */
class SessionSteps {
  #paths: readonly string[] = [];
  #at = "";

  step(by: 1 | -1, go: Go): void {
    const links = new Map(
      [...document.querySelectorAll<HTMLAnchorElement>(".session-line")].map((link) => [
        new URL(link.href).pathname,
        link,
      ]),
    );
    const isSameWalk =
      this.#at === location.pathname && [...links.keys()].every((path) => this.#paths.includes(path));
    if (!isSameWalk) this.#paths = [...links.keys()];
    const paths = this.#paths.filter((path) => links.has(path));
    const at = paths.indexOf(location.pathname);
    const next = paths[at < 0 ? (by > 0 ? 0 : paths.length - 1) : at + by];
    if (next === undefined) return;
    this.#at = next;
    go(next);
    links.get(next)?.scrollIntoView({ block: "nearest" });
  }
}
