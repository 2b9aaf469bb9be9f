import { effect, signal } from "@preact/signals";
import type { Daylong } from "../state/daylong.ts";
import { WebPush } from "./webPush.ts";

/** Of the host that is shown. */
export const currentPush = signal<WebPush | undefined>(undefined);

/**
 * Begins what runs beside the screens: the service worker, which is asked for an update on load and whenever the page becomes
 * visible; the subscription, compared with the server's at each opening; the number on the app's icon.
 */
export function startPush(daylong: Daylong): void {
  startServiceWorker().catch(() => {
    // Refused, as by a certificate that the browser does not trust: the page works without it, and Settings says so.
  });
  effect(() => {
    const current = daylong.current.value;
    currentPush.value =
      current &&
      new WebPush({
        client: current.client,
        store: daylong.store,
        hostId: current.host.hostId,
      });
  });
  effect(() => {
    const me = daylong.me.value;
    const push = currentPush.value;
    if (me && push) push.renew(me).catch(() => {});
  });
  let shown: number | undefined;
  effect(() => {
    const current = daylong.current.value;
    const unread = current?.sessions.all.value.reduce((sum, session) => sum + session.unread, 0) ?? 0;
    if (unread === shown) return;
    shown = unread;
    setBadge(unread);
  });
}

async function startServiceWorker(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== "object" || data === null || !("type" in data) || data.type !== "navigate") return;
    if (!("path" in data) || typeof data.path !== "string" || !data.path.startsWith("/")) return;
    history.pushState(null, "", data.path);
    dispatchEvent(new PopStateEvent("popstate"));
  });
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  const update = () => {
    if (!document.hidden && navigator.onLine) registration.update().catch(() => {});
  };
  update();
  document.addEventListener("visibilitychange", update);
  (await navigator.serviceWorker.ready).active?.postMessage({ type: "opened" });
}

function setBadge(count: number): void {
  if (!("setAppBadge" in navigator)) return;
  const done = count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge();
  done.catch(() => {});
}
