// Moves the focus to the summary of errors, and from its links into the field itself.
export function enhance(summary) {
  summary.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.hash.slice(1));
    const control = target?.matches("fieldset") ? target.querySelector("input") : target;
    if (control) {
      event.preventDefault();
      control.focus();
      control.scrollIntoView({ block: "center" });
    }
  });
  summary.focus();
}
