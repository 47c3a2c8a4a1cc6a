// Shows only the fields that a choice asks for; without scripts all of them stand there.
//   <div data-reveal="rhythm" data-reveal-for="weekday week">  is shown while the radio button
//   named "rhythm" with one of these values is chosen.
export function enhance(part) {
  const form = part.closest("form");
  const wanted = part.dataset.revealFor.split(" ");
  const show = () => {
    const isAsked = wanted.includes(new FormData(form).get(part.dataset.reveal));
    // What is wrong is never hidden.
    part.hidden = !isAsked && !part.querySelector('[aria-invalid="true"]');
  };
  form.addEventListener("change", show);
  show();
}
