// Keeps the door's page and what it loads at hand, for a reload without the network. It holds no
// names: those lie in the page's own storage.
const STORE = "door";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  event.waitUntil(
    caches.open(STORE).then((store) =>
      Promise.all(
        event.data.map(async (address) => {
          const answer = await fetch(address);
          if (answer.ok && !answer.redirected) await store.put(address, answer);
        }),
      ),
    ),
  );
});

async function freshOrKept(request, address, { keep }) {
  try {
    const answer = await fetch(request);
    if (keep && answer.ok) (await caches.open(STORE)).put(address, answer.clone());
    // Whoever is led to sign in, or told that there is no door, keeps none.
    const isRefused = answer.type === "opaqueredirect" || [401, 403, 404].includes(answer.status);
    if (!keep && isRefused) await caches.delete(STORE);
    return answer;
  } catch (error) {
    const found = await caches.match(address);
    if (found) return found;
    throw error;
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && !new URL(request.url).search) {
    // What was just said to somebody ("… is checked in") is not for the next reload.
    event.respondWith(freshOrKept(request, pathname, { keep: false }));
  } else if (pathname.startsWith("/static/") || pathname === "/door/reader.js") {
    event.respondWith(freshOrKept(request, request.url, { keep: true }));
  }
});
