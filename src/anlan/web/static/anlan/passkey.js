// Passkeys: shows what needs one where the browser can do it, and carries what it signs to the server.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (mark) => mark.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

// Browsers have methods of their own for these two only since 2024; those in offices are older.
function opened(options) {
  const inBytes = (known) => known?.map((each) => ({ ...each, id: toBytes(each.id) }));
  return {
    ...options,
    challenge: toBytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: toBytes(options.user.id) } }),
    excludeCredentials: inBytes(options.excludeCredentials),
    allowCredentials: inBytes(options.allowCredentials),
  };
}

function written(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const told = parts.filter((part) => response[part]).map((part) => [part, toText(response[part])]);
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: Object.fromEntries(told),
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

class Refused extends Error {}

async function post(address, form) {
  const response = await fetch(address, { method: "POST", body: form, headers: { Accept: "application/json" } });
  const told = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(told.error?.message ?? "");
  return told;
}

async function run(form) {
  const { options, passkey } = form.dataset;
  const publicKey = opened(await post(options, new FormData(form)));
  const credential =
    passkey === "add" ? await navigator.credentials.create({ publicKey }) : await navigator.credentials.get({ publicKey });
  const told = new FormData(form);
  told.set("credential", written(credential));
  const { next } = await post(form.action, told);
  window.location.assign(next);
}

async function send(event) {
  event.preventDefault();
  const form = event.target;
  const wrong = form.querySelector("[data-wrong]");
  const button = form.querySelector("button");
  button.disabled = true;
  wrong.textContent = "";
  try {
    await run(form);
  } catch (error) {
    // What the browser itself says is in its own words, often for developers: ours instead.
    wrong.textContent = (error instanceof Refused && error.message) || form.dataset.failed;
    button.disabled = false;
  }
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", send);
    form.hidden = false;
  }
  for (const without of document.querySelectorAll("[data-without-passkeys]")) without.hidden = true;
}
