import { signal } from "@preact/signals";
import { type Route, routeOf } from "./routes.ts";

/** The address that is shown. */
export class Router {
  readonly #route = signal<Route>(routeOf(location.pathname, location.hash));

  constructor() {
    addEventListener("popstate", () => this.#read());
    addEventListener("hashchange", () => this.#read());
    // Links of the page change the screen; those with a modifier, and all others, are the browser's.
    document.addEventListener("click", (event) => {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
        return;
      const link = event.target instanceof Element ? event.target.closest("a") : null;
      if (!link || link.target === "_blank" || link.hasAttribute("download")) return;
      const url = new URL(link.href, location.href);
      if (url.origin !== location.origin || routeOf(url.pathname, url.hash).screen === "nowhere") return;
      event.preventDefault();
      this.go(url.pathname + url.hash);
    });
  }

  get route(): Route {
    return this.#route.value;
  }

  go(path: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, "", path);
    else history.pushState(null, "", path);
    this.#read();
  }

  #read(): void {
    this.#route.value = routeOf(location.pathname, location.hash);
  }
}
