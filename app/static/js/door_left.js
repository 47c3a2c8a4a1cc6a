// Whoever has signed out, or was signed out, keeps no door: the names go, and the page that is kept
// for a reload. What was recorded and not yet sent stays for who signs in next.
export function letGo() {
  for (const key of Object.keys(localStorage).filter((each) => each.startsWith("door:"))) {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept.queue.length + (kept.walkIns ?? []).length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify({ ...kept, guests: [] }));
  }
  if ("caches" in window) caches.delete("door");
}
