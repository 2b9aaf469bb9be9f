/*
 * Service worker of the companion page: shows pushes, opens the session that one is about, and keeps the page's files, so that
 * it opens without a network. It never answers for the interface, and for a navigation only when the browser itself says that
 * there is no network: a page that could be fetched is never an old one.
 */
const cacheName = "daylong-page-1";
/** Old builds' files go when there are more. */
const mostFiles = 80;

self.addEventListener("install", (event) => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(self.clients.claim());
});

// The page says at each opening that it was fetched: what is kept is then as new.
self.addEventListener("message", (event) => {
  if (event.data?.type === "opened") event.waitUntil(keepShell());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (navigator.onLine === false) event.respondWith(shell(request));
    return;
  }
  // Files with a hash in their name never change.
  if (url.pathname.startsWith("/assets/")) event.respondWith(file(request));
});

self.addEventListener("push", (event) => {
  event.waitUntil(show(event.data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.path ?? "/"));
});

async function keepShell() {
  const cache = await caches.open(cacheName);
  // Offline what is there stays.
  const answer = await fetch("/", { cache: "no-cache" }).catch(() => undefined);
  if (answer?.ok) await cache.put("/", answer);
  const kept = await cache.keys();
  for (const old of kept.slice(0, Math.max(0, kept.length - mostFiles)))
    if (new URL(old.url).pathname !== "/") await cache.delete(old);
}

async function shell(request) {
  return (await caches.match("/", { cacheName })) ?? fetch(request);
}

async function file(request) {
  const cache = await caches.open(cacheName);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

/** Every push shows something: browsers take the right to push from pages that stay silent. */
async function show(data) {
  let told = {};
  try {
    told = data?.json() ?? {};
  } catch {
    // Not ours, or of a later server: it is said that something is there.
  }
  const { title, body, navigate, tag, silent, app_badge: badge } = told.notification ?? {};
  const options = {
    body: body ?? "Open Daylong to see what happened.",
    icon: "/icon-192.png",
    silent: silent === true,
    data: { path: pathOf(navigate) },
  };
  // The same subject replaces its notification, and rings again.
  if (tag) Object.assign(options, { tag, renotify: silent !== true });
  await self.registration.showNotification(title ?? "Daylong", options);
  if (typeof badge === "number") await setBadge(badge);
}

/** The page's own address of it: a tunnel may know the server by another name than it does. */
function pathOf(address) {
  try {
    const { pathname, search, hash } = new URL(address, self.location.origin);
    return pathname + search + hash;
  } catch {
    return "/";
  }
}

async function setBadge(count) {
  if (!("setAppBadge" in navigator)) return;
  await (count > 0 ? navigator.setAppBadge(count) : navigator.clearAppBadge()).catch(() => {});
}

async function open(path) {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((one) => one.visibilityState === "visible") ?? pages[0];
  if (!page) {
    await self.clients.openWindow(path);
    return;
  }
  page.postMessage({ type: "navigate", path });
  await page.focus();
}
