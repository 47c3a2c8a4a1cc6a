// Asks the browser for a passkey, or to make one, and brings its answer home in the form.
const fromBase64 = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toBase64 = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

// Not every browser reads and writes the JSON of the standard by itself yet.
function asOptions(found) {
  const options = { ...found, challenge: fromBase64(found.challenge) };
  if (found.user) options.user = { ...found.user, id: fromBase64(found.user.id) };
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    options[list] = (found[list] ?? []).map((one) => ({ ...one, id: fromBase64(one.id) }));
  }
  return options;
}

function asAnswer(credential) {
  const response = {};
  for (const part of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[part]) response[part] = toBase64(credential.response[part]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toBase64(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

export function enhance(form) {
  if (!window.PublicKeyCredential) return;
  const button = form.querySelector('button[type="button"]');
  const error = form.querySelector('[role="alert"]');
  button.hidden = false;
  form.querySelector("[data-passkey-note]").hidden = true;
  button.addEventListener("click", async () => {
    error.hidden = true;
    try {
      const asked = await fetch(form.dataset.passkeyOptions, {
        method: "POST",
        headers: { "X-CSRFToken": form.elements.csrf_token.value },
      });
      if (!asked.ok || asked.redirected) throw new Error(asked.statusText);
      const publicKey = asOptions(await asked.json());
      const credential =
        form.dataset.passkey === "make"
          ? await navigator.credentials.create({ publicKey })
          : await navigator.credentials.get({ publicKey });
      form.elements.answer.value = asAnswer(credential);
      form.submit();
    } catch {
      error.textContent = form.dataset.passkeyRefused;
      error.hidden = false;
    }
  });
}
