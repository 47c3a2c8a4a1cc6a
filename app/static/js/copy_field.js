// Shows the copy button of an address field; without it the address can still be selected.
const SHOWN_FOR = 2000;

export function enhance(piece) {
  const input = piece.querySelector("input, textarea");
  const button = piece.querySelector("button");
  const word = button.querySelector("[aria-live]");
  const rest = word.textContent;

  input.addEventListener("focus", () => input.select());
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      // No clipboard without https or permission: select, so that one key press copies.
      input.focus();
      return;
    }
    word.textContent = piece.dataset.copied;
    setTimeout(() => (word.textContent = rest), SHOWN_FOR);
  });
  button.hidden = false;
}
