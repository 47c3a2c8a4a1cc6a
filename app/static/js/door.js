// Keeps the door going without the network. Who may come in and what was recorded lie in this
// browser's storage until the shift is ended or the event is over; a check-in is sent until the
// server has answered it, and the server counts each once.
//   <section data-door data-slug data-day data-days data-zone data-open data-guests-url data-sync-url data-walk-ins-url data-worker-url
//     data-reader-url data-token data-words>
import { letGo } from "./door_left.js";

const PAUSE = 15000;
const SENT_AT_ONCE = 200;
const SHOWN = 30;

// As a hurried hand types it: "Garcia" finds "García".
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

export function enhance(door) {
  const words = JSON.parse(door.dataset.words);
  const days = door.dataset.days.split(" ");
  const key = `door:${door.dataset.slug}`;
  const piece = (name) => door.querySelector(`[data-door-${name}]`);
  const input = door.querySelector("input[name=q]");
  const fill = (sentence, values) =>
    Object.entries(values).reduce((said, [name, value]) => said.replace(`{${name}}`, value), sentence);
  let sending = false;
  let again = false; // something was recorded while others were being sent
  let condition = "";
  let ended = false; // the shift: an answer that is still on its way must not bring names back

  // The moment by the server's clock, as far as this device was told: its own may be wrong.
  function now({ shift } = kept()) {
    return new Date(Date.now() + (shift ?? 0));
  }

  // The day that counts at the place: a door left open overnight, or reloaded from what is kept,
  // goes on to the next one.
  function today() {
    const found = kept();
    if (found.shift === undefined) return door.dataset.day;
    const here = new Intl.DateTimeFormat("sv-SE", { timeZone: door.dataset.zone }).format(now(found));
    return days.filter((each) => each <= here).pop() ?? days[0];
  }

  // What this device keeps: {until, shift, guests: [{id, name, code, days}], queue: [{id, day, at}],
  // walkIns: [{key, name, email, country, at}]}

  function kept() {
    const found = JSON.parse(localStorage.getItem(key) ?? "null");
    // A day of grace: the last check-ins may be sent on the morning after.
    const isOver = found?.until && Date.parse(found.until) + 864e5 < Date.now();
    if (found && !(isOver && unsent(found) === 0)) return { walkIns: [], ...found };
    return { until: "", guests: [], queue: [], walkIns: [] };
  }

  function unsent({ queue, walkIns = [] }) {
    return queue.length + walkIns.length;
  }

  // Read, change and write in one go: another tab of this browser may keep the same door.
  function change(how) {
    const found = kept();
    how(found);
    if (ended) return found;
    try {
      localStorage.setItem(key, JSON.stringify(found));
    } catch {
      say(words.full);
    }
    return found;
  }

  function forget() {
    ended = true;
    localStorage.removeItem(key);
    if ("caches" in window) caches.delete("door");
  }

  // Signed out, or not this person's door any more: names go, what was recorded stays.
  function stop() {
    letGo();
    condition = words.stopped;
    show();
  }

  // What is shown

  function say(sentence) {
    piece("said").textContent = sentence;
  }

  function tell() {
    const waiting = unsent(kept());
    const day = today();
    const moved = day === door.dataset.day ? "" : fill(words.day, { day: named(day) });
    const said = [moved, condition, waiting ? fill(words.waiting, { n: waiting }) : condition ? "" : words.sent];
    piece("state").textContent = said.filter(Boolean).join(" ");
  }

  function named(day) {
    const how = { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" };
    return new Intl.DateTimeFormat(document.documentElement.lang, how).format(new Date(day));
  }

  function find(text) {
    const { guests } = kept();
    const code = text.trim().replace(/\/+$/, "").split("/").pop();
    const byCode = guests.filter((guest) => guest.code && guest.code === code);
    if (byCode.length) return byCode;
    const wanted = plain(text.trim());
    return wanted ? guests.filter((guest) => plain(guest.name).includes(wanted)) : [];
  }

  function show() {
    piece("more")?.remove();
    const day = today(); // once: all that is kept is read for it
    piece("list").replaceChildren(...find(input.value).slice(0, SHOWN).map((guest) => line(guest, day)));
    // Names may come after what was typed.
    const isFound = piece("list").children.length > 0;
    if (isFound && [words.nobody, words.first].includes(piece("said").textContent)) say("");
    tell();
  }

  // Only who types is told what was found: an answer of the server must not wipe what was said.
  function search() {
    show();
    if (piece("list").children.length === 0) say(input.value.trim() ? words.nobody : words.first);
  }

  function line(guest, day) {
    const item = document.createElement("li");
    item.className = "door__guest";
    const name = item.appendChild(document.createElement("span"));
    name.className = "door__name";
    name.textContent = guest.name;
    if (guest.days.includes(day)) {
      const here = item.appendChild(document.createElement("span"));
      here.className = "door__here";
      here.textContent = words.here;
      item.append(button(words.back, guest, "quiet", takeBack));
    } else if (door.dataset.open === "1") {
      item.append(button(words.check_in, guest, "primary", checkIn));
    }
    return item;
  }

  function button(said, guest, kind, act) {
    const made = document.createElement("button");
    made.className = `button button--${kind}`;
    made.type = "button";
    made.textContent = said;
    made.setAttribute("aria-label", `${said}: ${guest.name}`);
    made.addEventListener("click", () => act(guest));
    return made;
  }

  // What is done

  function checkIn(guest, { isTyped = true } = {}) {
    const day = today();
    if (guest.days.includes(day)) {
      say(fill(words.already, { name: guest.name }));
      return;
    }
    change((found) => {
      found.guests.find(({ id }) => id === guest.id)?.days.push(day);
      found.queue.push({ id: guest.id, day, at: now().toISOString() });
    });
    input.value = "";
    if (isTyped) input.focus(); // else a phone's keyboard would cover the camera
    show();
    say(fill(words.done, { name: guest.name }));
    send();
  }

  function takeBack({ id }) {
    const day = today();
    const isMine = (each) => each.id === id && each.day === day;
    const isWaiting = kept().queue.some(isMine);
    change((found) => {
      const guest = found.guests.find((each) => each.id === id);
      if (guest) guest.days = guest.days.filter((each) => each !== day);
      found.queue = found.queue.filter((each) => !isMine(each));
    });
    if (isWaiting && !sending) {
      show();
      return;
    }
    const form = piece("back");
    form.elements.guest.value = id;
    form.elements.day.value = day;
    form.requestSubmit();
  }

  function scanned(text) {
    const [guest, another] = find(text);
    if (!guest || another) say(words.nobody);
    else if (door.dataset.open === "1") checkIn(guest, { isTyped: false });
  }

  async function take() {
    const answer = await fetch(door.dataset.guestsUrl, { headers: { Accept: "application/json" } });
    if (answer.redirected || [401, 403, 404].includes(answer.status)) {
      stop();
      return;
    }
    if (!answer.ok) return;
    const { until, now: told, guests } = await answer.json();
    change((found) => {
      found.until = until;
      found.shift = Date.parse(told) - Date.now();
      found.guests = guests;
      for (const waiting of found.queue) {
        const seen = guests.find(({ id }) => id === waiting.id)?.days;
        if (seen && !seen.includes(waiting.day)) seen.push(waiting.day);
      }
    });
  }

  async function send() {
    again = sending;
    if (sending) return;
    sending = true;
    try {
      let rest;
      do {
        again = false;
        await sendWalkIns();
        rest = await sendSome(kept().queue.slice(0, SENT_AT_ONCE));
      } while (rest || again);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      condition = words.offline;
    } finally {
      sending = false;
      tell();
    }
  }

  // Who came without a registration: each goes with its key, so that it counts once.
  async function sendWalkIns() {
    const some = kept().walkIns.slice(0, 50);
    if (some.length === 0) return;
    const answer = await fetch(door.dataset.walkInsUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": door.dataset.token },
      body: JSON.stringify(some),
    });
    if (!answer.ok || answer.redirected) return;
    const answers = await answer.json();
    const keys = answers.map((each) => each.key);
    change((found) => (found.walkIns = found.walkIns.filter((each) => !keys.includes(each.key))));
    await take();
    show();
    say(answers.map((each) => each.words).join(" "));
    again ||= kept().walkIns.length > 0;
  }

  function noteWalkIn(event) {
    event.preventDefault();
    if (!walkIn.reportValidity()) return;
    const { name, email, country } = walkIn.elements;
    const visitor = { key: crypto.randomUUID(), name: name.value, email: email.value, country: country.value };
    change((found) => found.walkIns.push({ ...visitor, at: now().toISOString() }));
    walkIn.reset();
    tell();
    say(fill(words.kept, { name: visitor.name }));
    send();
  }

  async function sendSome(some) {
    const answer = await fetch(door.dataset.syncUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": door.dataset.token },
      body: JSON.stringify(some),
    });
    if (answer.redirected || [401, 403, 404].includes(answer.status)) {
      stop();
      return false;
    }
    if (answer.status === 400) {
      condition = words.stopped;
      return false;
    }
    if (!answer.ok) {
      condition = words.offline;
      return false;
    }
    condition = "";
    const { answers, days: counts, came } = await answer.json();
    const found = change((state) => settle(state, answers, came));
    for (const [each, count] of Object.entries(counts)) {
      const cell = document.querySelector(`[data-door-count="${each}"]`);
      if (cell) cell.textContent = count;
    }
    show();
    for (const { id, ok, words: why } of answers) {
      const guest = found.guests.find((each) => each.id === id);
      if (!ok) say(fill(words.refused, { name: guest?.name ?? id, why }));
    }
    return some.length > 0 && found.queue.length > 0;
  }

  function settle(state, answers, came) {
    const day = today();
    for (const { id, day: answered, ok } of answers) {
      state.queue = state.queue.filter((each) => each.id !== id || each.day !== answered);
      const guest = state.guests.find((each) => each.id === id);
      if (!ok && guest) guest.days = guest.days.filter((each) => each !== answered);
    }
    // What the other doors recorded meanwhile.
    for (const guest of state.guests) {
      if (came.includes(guest.id) && !guest.days.includes(day)) guest.days.push(day);
    }
  }

  // The camera. html5-qrcode reads the codes, by the browser's own BarcodeDetector where there is
  // one; its script is loaded with the page, so that it is there when the network is not.
  let reader = null;
  let isScanning = false;

  function loadReader() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = door.dataset.readerUrl;
      script.addEventListener("load", resolve);
      script.addEventListener("error", reject);
      document.head.append(script);
    });
  }

  async function scan() {
    const camera = piece("camera");
    let last = "";
    let seenAt = 0;
    reader ??= new Html5Qrcode(camera.id, {
      formatsToSupport: [Html5QrcodeSupportedFormats.QR_CODE],
      verbose: false,
    });
    camera.hidden = false;
    try {
      await reader.start({ facingMode: "environment" }, { fps: 5 }, (text) => {
        // The same badge, still before the camera, is not another one.
        if (text !== last || Date.now() - seenAt > 3000) scanned(text);
        last = text;
        seenAt = Date.now();
      });
      isScanning = true;
    } catch (why) {
      camera.hidden = true;
      say(fill(words.no_camera, { why: String(why) }));
    }
  }

  async function switchCamera() {
    const control = piece("scan");
    control.disabled = true;
    if (isScanning) {
      await reader.stop();
      isScanning = false;
      piece("camera").hidden = true;
    } else {
      await scan();
    }
    control.textContent = isScanning ? words.stop : words.scan;
    control.disabled = false;
  }

  function end() {
    if (unsent(kept()) > 0 && !confirm(words.keep)) return;
    forget();
    location.assign("/");
  }

  async function keepPage() {
    if (!("serviceWorker" in navigator)) return;
    await navigator.serviceWorker.register(door.dataset.workerUrl, { scope: "/door/" });
    const { active } = await navigator.serviceWorker.ready;
    const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
    active.postMessage([location.pathname, ...loaded.filter((name) => name.includes("/static/")), door.dataset.readerUrl]);
  }

  piece("find").addEventListener("submit", (event) => {
    event.preventDefault();
    const found = find(input.value);
    if (found.length === 1 && door.dataset.open === "1") checkIn(found[0]);
    else search();
  });
  input.addEventListener("input", search);
  const walkIn = piece("walk-in");
  if (walkIn) {
    walkIn.addEventListener("submit", noteWalkIn);
    for (const name of ["name", "email"]) walkIn.elements[name].required = true;
  }
  piece("end").addEventListener("click", end);
  piece("end").hidden = false;
  if (navigator.mediaDevices) {
    piece("scan").addEventListener("click", switchCamera);
    loadReader().then(
      () => (piece("scan").hidden = false),
      () => {}, // without the network on the first visit: typing works all the same
    );
  }
  window.addEventListener("online", send);
  setInterval(send, PAUSE);
  search();
  keepPage();
  take()
    .catch((error) => {
      if (!(error instanceof TypeError)) throw error;
    })
    .then(show)
    .then(send);
}
