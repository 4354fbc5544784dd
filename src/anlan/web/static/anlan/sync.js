// The steps made on this phone that the server has not got yet: one list an account, sent in order, each until it is
// answered. Used by the page and by the service worker; sending one twice is harmless, since each has a key.
const PHONE = "/api/v1/dispatch/phone";
const STEPS = "/api/v1/dispatch/steps";
const STORE = "steps";
const MISTAKES_OF_TIMING = [401, 408, 425, 429];

const nameOf = (account) => `anlan-steps-${account}`;

function answered(request) {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
}

async function within(account, mode, act) {
  const opening = indexedDB.open(nameOf(account), 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  const database = await answered(opening);
  try {
    const transaction = database.transaction(STORE, mode);
    const finished = new Promise((done, failed) => {
      transaction.oncomplete = done;
      transaction.onabort = () => failed(transaction.error);
    });
    const result = await answered(act(transaction.objectStore(STORE)));
    await finished;
    return result;
  } finally {
    database.close();
  }
}

// In the order in which they were made.
export const entries = (account) => within(account, "readonly", (store) => store.getAll());
export const put = (account, entry) => within(account, "readwrite", (store) => store.put(entry));
export const remove = (account, id) => within(account, "readwrite", (store) => store.delete(id));
export const forget = (account) => answered(indexedDB.deleteDatabase(nameOf(account)));

// crypto.randomUUID is missing where the page comes by plain HTTP.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// Who is signed in, by what clock: { account, now, csrf }; or why nothing can be sent.
async function phone() {
  try {
    const answer = await fetch(PHONE, { cache: "no-store" });
    if (answer.ok) return await answer.json();
    return { stopped: answer.status === 401 || answer.status === 403 ? "signed-out" : "no-network" };
  } catch {
    return { stopped: "no-network" };
  }
}

function formOf(entry) {
  const form = new FormData();
  form.set("key", entry.key);
  form.set("matter", entry.matter);
  form.set("step", entry.step);
  form.set("seen", entry.seen);
  form.set("done_at", entry.doneAt);
  form.set("told", JSON.stringify(entry.told));
  for (const { name, blob } of entry.files) form.append("files", blob, name);
  return form;
}

async function refusal(answer, entry) {
  const { error = {} } = await answer.json().catch(() => ({}));
  const refused = { message: error.message ?? "", code: error.code ?? "", field: error.field ?? "" };
  const seen = await fetch(`/api/v1/dispatch/matters/${entry.matter}/meanwhile?seen=${entry.seen}`);
  if (seen.ok) refused.meanwhile = await seen.json();
  return refused;
}

// "sent", "again" (later), or what the server has against it.
async function send(entry, csrf) {
  const answer = await fetch(STEPS, { method: "POST", body: formOf(entry), headers: { "X-CSRFToken": csrf } });
  if (answer.ok) return "sent";
  if (answer.status >= 500 || MISTAKES_OF_TIMING.includes(answer.status)) return "again";
  const refused = await refusal(answer, entry);
  return refused.field === "X-CSRFToken" ? "again" : refused;
}

async function flushed(account) {
  const known = await phone();
  if (known.stopped) return known.stopped;
  if (account && known.account !== account) return "other";
  const waiting = new Set();
  for (const entry of await entries(known.account)) {
    // What comes later on a matter waits for what comes before.
    if (waiting.has(entry.matter)) continue;
    const outcome = entry.refused ?? (await send(entry, known.csrf).catch(() => "again"));
    if (outcome === "again") return "no-network";
    if (outcome === "sent") {
      await remove(known.account, entry.id);
    } else {
      if (!entry.refused) await put(known.account, { ...entry, refused: outcome });
      waiting.add(entry.matter);
    }
  }
  return "network";
}

// Send what waits, of `account` or of whoever is signed in: how it stands afterwards. One at a time, in whatever tab.
export function flush(account = "") {
  return navigator.locks ? navigator.locks.request("anlan-steps", () => flushed(account)) : flushed(account);
}
