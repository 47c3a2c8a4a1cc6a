// Tries another week for an expected edition: drag its bar, or focus it and press ← or → (a week),
// Enter (on to the form) or Escape (back where it was). The answer is a part of the page from
//   <figure data-what-if="/address/" data-query="…" data-first="2027-01-01" data-days="4383">
// and nothing is saved until its form is sent.
const DAY = 24 * 60 * 60 * 1000;
const WEEK = 7 * DAY;
const PAUSE = 200;
const SLACK = 4; // pixels by which a press may shake without being a drag
const WEEK_PIXELS = 4; // at least: where years are narrow, the bar moves slower than the pointer

export function enhance(figure) {
  const panel = document.getElementById("what-if");
  const said = document.getElementById("what-if-said");
  const first = Date.parse(figure.dataset.first);
  const beyond = first + Number(figure.dataset.days) * DAY;
  const bars = new Map();
  let current = null; // {key, day, bar}; the bar may lie outside the years shown
  let timer;
  let request;

  const inWords = new Intl.DateTimeFormat(document.documentElement.lang, {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  const place = (day) => `${((100 * (day - first)) / (beyond - first)).toFixed(2)}%`;
  const iso = (day) => new Date(day).toISOString().slice(0, 10);

  // The strip

  function draw(bar, day) {
    bar.svg.setAttribute("x", place(day));
    if (day === bar.stands) {
      bar.old?.remove();
      bar.line?.remove();
      bar.old = bar.line = null;
      return;
    }
    if (!bar.old) {
      bar.old = bar.svg.cloneNode(false);
      for (const { name } of [...bar.old.attributes]) {
        if (!["y", "overflow"].includes(name)) bar.old.removeAttribute(name);
      }
      bar.old.classList.add("strip__from");
      bar.old.append(bar.svg.querySelector(".strip__mark").cloneNode());
      bar.old.firstChild.setAttribute("class", "strip__old");
      bar.old.firstChild.removeAttribute("fill");
      bar.line = document.createElementNS(bar.svg.namespaceURI, "line");
      bar.line.classList.add("strip__move");
      const middle = Number(bar.svg.getAttribute("y")) + 18;
      bar.line.setAttribute("y1", middle);
      bar.line.setAttribute("y2", middle);
      bar.svg.before(bar.old, bar.line);
    }
    bar.old.setAttribute("x", place(bar.stands));
    bar.line.setAttribute("x1", place(bar.stands));
    bar.line.setAttribute("x2", place(day));
  }

  // While a bar is dragged its days follow at once; what they clash with comes with the answer.
  function showDays({ svg, length }, day) {
    const [days, state] = svg.querySelectorAll("text");
    days.textContent = inWords.formatRange(day, day + (length - 1) * DAY);
    state.textContent = "…";
    state.setAttribute("class", "strip__where");
  }

  function name({ svg, link }, { when, where, level, name }) {
    const [days, state] = svg.querySelectorAll("text");
    days.textContent = when;
    state.textContent = where;
    state.setAttribute("class", level ? `strip__where strip__where--${level}` : "strip__where");
    link.setAttribute("aria-label", name);
  }

  // The answer

  async function ask() {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    const { key, day } = current;
    panel.setAttribute("aria-busy", "true");
    try {
      const address = `${figure.dataset.whatIf}${key}?${figure.dataset.query}&day=${iso(day)}`;
      const answer = await fetch(address, { signal: mine.signal });
      if (answer.redirected) location.reload(); // signed out meanwhile
      else if (answer.ok) show(await answer.text());
      else said.textContent = figure.dataset.failed;
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!(error instanceof TypeError)) throw error;
      said.textContent = figure.dataset.failed;
    } finally {
      if (request === mine) panel.removeAttribute("aria-busy");
    }
  }

  function show(html) {
    const typed = panel.querySelector("[name=reason]")?.value;
    const focused = panel.contains(document.activeElement) && document.activeElement.id;
    panel.innerHTML = html;
    const part = panel.firstElementChild;
    if (current.bar) name(current.bar, part.dataset);
    const reason = panel.querySelector("[name=reason]");
    if (reason && typed) reason.value = typed;
    if (focused) document.getElementById(focused)?.focus();
    said.textContent = part.querySelector("[data-summary]").textContent.replace(/\s+/g, " ").trim();
  }

  // What is tried

  function choose(bar) {
    if (current?.bar === bar) return;
    if (current) putBack();
    current = { key: bar.key, day: bar.home, bar };
  }

  function go(day, pause = PAUSE) {
    const { bar } = current;
    current.day = bar ? Math.min(Math.max(day, first), beyond - DAY) : day;
    if (bar) {
      draw(bar, current.day);
      showDays(bar, current.day);
    }
    clearTimeout(timer);
    timer = setTimeout(ask, pause);
  }

  function putBack() {
    clearTimeout(timer);
    request?.abort();
    if (current.bar) {
      draw(current.bar, current.bar.home);
      name(current.bar, current.bar.words);
    }
    current = null;
  }

  function leave() {
    if (!current?.bar) return false;
    const { link } = current.bar;
    putBack();
    panel.replaceChildren();
    said.textContent = "";
    link.focus();
    return true;
  }

  // Keys, pointer, the form's own buttons

  function byKey(bar, event) {
    const step = { ArrowLeft: -WEEK, ArrowRight: WEEK }[event.key];
    if (step && !event.altKey && !event.ctrlKey && !event.metaKey) {
      choose(bar);
      go(current.day + step);
    } else if (event.key === "Enter" && current?.bar === bar) {
      const to = panel.querySelector("[name=reason]") ?? panel.querySelector("h2");
      to?.focus();
    } else if (event.key !== "Escape" || current?.bar !== bar || !leave()) {
      return;
    }
    event.preventDefault();
  }

  function byPointer(bar, down) {
    if (down.button !== 0 || !down.isPrimary) return;
    const { svg } = bar;
    // Where the drawing scrolls, a finger scrolls it.
    if (down.pointerType === "touch" && getComputedStyle(svg).touchAction === "auto") return;
    const week = Math.max(
      WEEK_PIXELS,
      (svg.ownerSVGElement.clientWidth * WEEK) / (beyond - first),
    );
    const before = current?.bar === bar ? current.day : bar.home;
    let moves = false;

    function move(event) {
      const by = event.clientX - down.clientX;
      if (!moves && Math.abs(by) <= SLACK) return;
      if (!moves) {
        moves = true;
        svg.setPointerCapture(down.pointerId);
        svg.dataset.moving = "";
        choose(bar);
      }
      const weeks = Math.round((by - Math.sign(by) * SLACK) / week);
      if (before + weeks * WEEK !== current.day) go(before + weeks * WEEK);
    }

    function end(event) {
      svg.removeEventListener("pointermove", move);
      svg.removeEventListener("pointerup", end);
      svg.removeEventListener("pointercancel", end);
      delete svg.dataset.moving;
      if (!moves) return;
      if (event.type === "pointercancel") go(before);
      // The click that ends a drag opens nothing.
      const swallow = (click) => click.preventDefault();
      svg.addEventListener("click", swallow, { once: true, capture: true });
      setTimeout(() => svg.removeEventListener("click", swallow, { capture: true }), 0);
    }

    svg.addEventListener("pointermove", move);
    svg.addEventListener("pointerup", end);
    svg.addEventListener("pointercancel", end);
  }

  panel.addEventListener("click", (event) => {
    const link = event.target.closest("[data-step], [data-day], [data-leave]");
    if (!link || !current || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.matches("[data-leave]")) {
      if (leave()) event.preventDefault();
      return;
    }
    event.preventDefault();
    const { step, day } = link.dataset;
    go(step ? current.day + Number(step) * WEEK : Date.parse(day), 0);
  });
  panel.addEventListener("submit", (event) => {
    const day = event.target.method === "get" && Date.parse(event.target.elements.day.value);
    if (!day || !current) return; // what is no day, the server says in words
    event.preventDefault();
    go(day, 0);
  });

  for (const svg of figure.querySelectorAll("[data-try]")) {
    const [link, days, state] = [svg.querySelector("a"), ...svg.querySelectorAll("text")];
    const bar = {
      svg,
      link,
      key: svg.dataset.try,
      stands: Date.parse(svg.dataset.stands),
      home: Date.parse(svg.dataset.day),
      length: Number(svg.dataset.length),
      words: {
        when: days.textContent,
        where: state.textContent,
        level: state.getAttribute("class").split("strip__where--")[1],
        name: link.getAttribute("aria-label"),
      },
      line: svg.previousElementSibling?.closest(".strip__move"),
    };
    bar.old = bar.line?.previousElementSibling;
    bars.set(bar.key, bar);
    svg.dataset.moves = "";
    link.setAttribute("aria-describedby", "what-if-hint");
    link.addEventListener("keydown", (event) => byKey(bar, event));
    svg.addEventListener("pointerdown", (event) => byPointer(bar, event));
    // Browsers would drag the link itself.
    svg.addEventListener("dragstart", (event) => event.preventDefault());
  }

  // The page came with days that are tried: the scripts go on from there.
  const part = panel.querySelector("[data-edition]");
  if (part) {
    const { edition, shown, oldWhen, oldWhere, oldLevel, oldName } = part.dataset;
    const bar = bars.get(edition) ?? null;
    if (bar) {
      bar.home = Date.parse(part.dataset.home);
      bar.words = { when: oldWhen, where: oldWhere, level: oldLevel, name: oldName };
    }
    current = { key: edition, day: Date.parse(shown), bar };
  }
  document.getElementById("what-if-hint").hidden = bars.size === 0;
}
