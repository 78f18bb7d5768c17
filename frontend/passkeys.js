// Passkeys and security keys (WebAuthn): asks the browser for what a form wants, and sends the form with the answer in it.
// Loaded only on pages with such a form. Where the form leads and what is said of a refusal is the form's, as everywhere.

/** How long what the server began can be used, with room to touch a key. */
const FRESH_MILLIS = 240_000;

const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const textOf = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const named = (list = []) => list.map((one) => ({ ...one, id: bytesOf(one.id) }));

/** The options as the browser wants them; browsers from before 2025 leave that to the page. */
function optionsOf(verb, { publicKey }) {
  const parse = verb === "create" ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  if (PublicKeyCredential[parse]) return PublicKeyCredential[parse](publicKey);
  const options = { ...publicKey, challenge: bytesOf(publicKey.challenge) };
  if (verb === "get") return { ...options, allowCredentials: named(publicKey.allowCredentials) };
  const user = { ...publicKey.user, id: bytesOf(publicKey.user.id) };
  return { ...options, user, excludeCredentials: named(publicKey.excludeCredentials) };
}

/** The browser's answer as JSON. */
function answerOf(credential) {
  if (credential.toJSON) return JSON.stringify(credential.toJSON());
  const { id, rawId, type, response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = parts.filter((part) => response[part]).map((part) => [part, textOf(response[part])]);
  const transports = response.getTransports?.();
  return JSON.stringify({
    id, type, rawId: textOf(rawId),
    response: { ...Object.fromEntries(given), ...(transports && { transports }) },
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

/** What the server wants to be answered: on the page, or asked for now, with the name of what is to be made. */
async function optionsFor(form) {
  if (form.dataset.options) return JSON.parse(form.dataset.options);
  const isNew = form.dataset.passkey === "create";
  const response = await fetch(form.dataset.begin, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/x-www-form-urlencoded" },
    body: isNew ? new URLSearchParams({ name: form.elements.name.value }) : "",
  }).catch(() => undefined);
  const said = await response?.json().catch(() => undefined);
  if (isNew && said && !response.ok) {
    // Sent without an answer, the form comes back with what is wrong at its field.
    form.submit();
    return new Promise(() => {});
  }
  if (!response?.ok || !said) throw new Error(said?.reason ?? "The server could not be reached. Try again.");
  return JSON.parse(said.options);
}

function wordsFor(verb, error) {
  switch (error.name) {
    case "NotAllowedError":
    case "AbortError":
      return verb === "create"
        ? "Nothing was added: it was cancelled, or took too long. Try again."
        : "It was cancelled, took too long, or this device has none for here. Try again, or go another way.";
    case "InvalidStateError":
      return "This one is on your list already. Use another one, or remove it from the list first.";
    case "SecurityError":
      return "The browser takes none under this address. Open the console under its own name, over HTTPS.";
    case "NotSupportedError":
    case "ConstraintError":
      return "This device or key cannot do what is needed here. Use another one.";
    default:
      return error.message;
  }
}

let waiting;

/** Brings the browser's answer into the form and sends it. */
async function ask(form, how = {}) {
  const verb = form.dataset.passkey;
  if (!window.PublicKeyCredential || !navigator.credentials) {
    throw new Error("This browser has no passkeys and security keys here. They need HTTPS and a current browser.");
  }
  const publicKey = optionsOf(verb, await optionsFor(form));
  const credential = await navigator.credentials[verb]({ publicKey, ...how });
  form.elements.answer.value = answerOf(credential);
  form.requestSubmit();
}

// Before the loader marks the form as sent.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.passkey || form.elements.answer.value) return;
  event.preventDefault();
  const error = form.querySelector("[data-passkey-error]");
  const button = form.querySelector("button:not([type=button])");
  waiting?.abort();
  error.hidden = true;
  button.setAttribute("aria-busy", "true");
  await ask(form).catch((why) => {
    error.lastElementChild.textContent = wordsFor(form.dataset.passkey, why);
    error.hidden = false;
  });
  button.removeAttribute("aria-busy");
}, true);

// Who comes back finds an empty form.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-passkey]")) form.elements.answer.value = "";
});

// Passkeys among what the browser fills in: asked for while the field has the focus, and anew when that has become old.
async function offer(form) {
  const field = document.getElementById(form.dataset.fills);
  const isAble = await window.PublicKeyCredential?.isConditionalMediationAvailable?.();
  if (!field || !isAble) return;
  let began = -FRESH_MILLIS;
  const begin = () => {
    if (performance.now() - began < FRESH_MILLIS) return;
    began = performance.now();
    waiting?.abort();
    waiting = new AbortController();
    // What goes wrong with what nobody asked for is nobody's concern: the button says it.
    ask(form, { mediation: "conditional", signal: waiting.signal }).catch(() => {});
  };
  field.addEventListener("focus", begin);
  if (document.activeElement === field) begin();
}
for (const form of document.querySelectorAll("form[data-fills]")) offer(form);
