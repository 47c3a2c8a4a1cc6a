// Shows what a form would do while it is filled in.
//   <form data-preview-url="/…" data-preview-target="id">  posts itself there and puts the answer,
//   an HTML fragment of our own, into the element with that id. A failed request leaves the old one.
const PAUSE = 350;

export function enhance(form) {
  const target = document.getElementById(form.dataset.previewTarget);
  if (!target) return;
  target.setAttribute("aria-live", "polite");
  let timer;
  let request;

  async function show() {
    request?.abort();
    const current = new AbortController();
    request = current;
    target.setAttribute("aria-busy", "true");
    const typed = new FormData(form);
    // A letter of ten megabytes says nothing of the days.
    for (const [name, value] of [...typed]) if (value instanceof File) typed.delete(name);
    try {
      const answer = await fetch(form.dataset.previewUrl, {
        method: "POST",
        body: typed,
        headers: { Accept: "text/html", "X-Requested-With": "fetch" },
        signal: current.signal,
      });
      if (answer.ok) target.innerHTML = await answer.text();
    } catch (error) {
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    } finally {
      if (request === current) target.removeAttribute("aria-busy");
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, PAUSE);
  });
}
