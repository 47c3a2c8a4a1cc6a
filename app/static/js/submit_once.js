// A form is sent once, however often its button is pressed. The button keeps its name and value:
// it is marked, not disabled, since a disabled button would not be sent with the form.
export function enhance(form) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
  });
  // Back from the next page, the form may be sent again.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    form.querySelector('[aria-disabled="true"]')?.removeAttribute("aria-disabled");
  });
}
