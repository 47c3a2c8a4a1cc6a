// Loads an enhancement only where a page has its piece.
const pieces = [
  ["[data-copy]", "./copy_field.js"],
  ["[data-door]", "./door.js"],
  ["[data-form-errors]", "./form_errors.js"],
  ["time[data-local]", "./local_time.js"],
  ["form[data-passkey]", "./passkey.js"],
  ["[data-poll-url]", "./poll.js"],
  ["form[data-preview-url]", "./preview.js"],
  ["[data-reveal]", "./reveal.js"],
  ['form[method="post"]:not([data-door-walk-in])', "./submit_once.js"],
  ["figure[data-what-if]", "./what_if.js"],
];

function keptDoors() {
  try {
    return Object.keys(localStorage).some((key) => key.startsWith("door:"));
  } catch {
    return false; // a browser that stores nothing
  }
}

if (document.querySelector("[data-signed-out]") && keptDoors()) {
  import("./door_left.js").then(({ letGo }) => letGo());
}

for (const [selector, module] of pieces) {
  const found = document.querySelectorAll(selector);
  if (found.length > 0) {
    import(module).then(({ enhance }) => found.forEach(enhance));
  }
}
