// What lets the page of tasks work without network: the service worker that keeps it, and the right time on a kept page.

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

learnTime();
if (navigator.serviceWorker) {
  navigator.serviceWorker.register("/sw.js", { type: "module", scope: "/" }).then(
    // The page that brought the worker was loaded before it.
    () => navigator.serviceWorker.controller || keep(),
    () => null,
  );
}
