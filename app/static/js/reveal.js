// Shows only the fields that a choice asks for; without scripts all of them stand there.
//   <div data-reveal="rhythm" data-reveal-for="weekday week">  is shown while the radio button
//   named "rhythm" with one of these values is chosen; with data-reveal-value="as it stands" in
//   its stead, while this one is. What a hidden field says shows nothing.
export function enhance(part) {
  const form = part.closest("form");
  const { reveal, revealFor, revealValue } = part.dataset;
  const wanted = revealValue === undefined ? revealFor.split(" ") : [revealValue];
  const above = form.querySelector(`[name="${CSS.escape(reveal)}"]`)?.closest("[data-reveal]");
  const show = () => {
    const chosen = new FormData(form).getAll(reveal);
    const isAsked = !above?.hidden && chosen.some((value) => wanted.includes(value));
    // What is wrong is never hidden.
    part.hidden = !isAsked && !part.querySelector('[aria-invalid="true"]');
  };
  form.addEventListener("change", show);
  show();
}
