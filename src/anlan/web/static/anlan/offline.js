// What lets the page of tasks work without network: the service worker that keeps it, the right time on a kept page,
// and a warning before signing out deletes what has not been sent.
import { entries, forget } from "./sync.js";

const SKEW = "anlan.skew";
const KEEP_AFTER = 1500;

const keptAt = document.documentElement.dataset.keptAt ?? "";
let asked = 0;

function worker() {
  return navigator.serviceWorker ? navigator.serviceWorker.ready : new Promise(() => {});
}

// Let the phone keep the page as it is now at the server.
export function keep() {
  clearTimeout(asked);
  asked = setTimeout(async () => (await worker()).active?.postMessage("keep"), KEEP_AFTER);
}

// Ask the browser to send what waits when there is network again, even if the page is closed by then.
export async function whenOnline() {
  await (await worker()).sync?.register("anlan-steps").catch(() => null);
}

// The moment by the server's clock, as far as this phone has learnt it.
export function now() {
  return new Date(Date.now() + Number(localStorage.getItem(SKEW) ?? 0));
}

export const shownSince = keptAt;

function learnTime() {
  const clock = document.querySelector("[data-server-now]");
  if (keptAt) {
    for (const each of document.querySelectorAll("[data-clock]")) each.dataset.now = now().toISOString();
  } else if (clock) {
    const loading = performance.now() - (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
    localStorage.setItem(SKEW, String(Math.round(Date.parse(clock.dataset.serverNow) + loading - Date.now())));
  }
}

export function guardSignOut(account, words) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.action.endsWith("/sign-out") || form.dataset.sure) return;
    event.preventDefault();
    leave(account, words).then((sure) => {
      if (!sure) return;
      form.dataset.sure = "yes";
      form.requestSubmit();
    });
  });
}

async function leave(account, words) {
  const waiting = await entries(account);
  if (waiting.length && !confirm(`${words} (${waiting.length})`)) return false;
  await forget(account);
  localStorage.removeItem(SKEW);
  navigator.serviceWorker?.controller?.postMessage("forget");
  return true;
}

learnTime();
if (navigator.serviceWorker) {
  navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/" }).then(
    // The page that brought the worker was loaded before it.
    () => navigator.serviceWorker.controller || keep(),
    () => null,
  );
}
