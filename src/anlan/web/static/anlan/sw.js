// Keeps the page of tasks for when there is no network. SHELL comes from the server and changes with every release.
import { flush } from "/static/anlan/sync.js";

const FILES = `anlan-files-${SHELL.version}`;
const PAGE = "anlan-page";
const KEPT_AT = "X-Kept-At";
const PATIENCE = 4000;
const HOUR = 3_600_000;

async function install() {
  const cache = await caches.open(FILES);
  await cache.addAll([...SHELL.files, SHELL.otherwise].map((url) => new Request(url, { cache: "reload" })));
  await self.skipWaiting();
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith("anlan-files-") && name !== FILES);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

const forgetPage = () => caches.delete(PAGE);

async function file(request) {
  const cache = await caches.open(FILES);
  const kept = await cache.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
}

// Only the page of tasks itself is kept, for whom it was made; a redirect to the door is not that page.
async function keep(answer) {
  if (answer.status === 200 && answer.type === "basic" && !answer.redirected) {
    const headers = { [KEPT_AT]: new Date().toISOString() };
    for (const name of ["Content-Type", "Content-Security-Policy"]) headers[name] = answer.headers.get(name);
    const page = new Response(await answer.clone().text(), { headers });
    await (await caches.open(PAGE)).put(SHELL.page, page);
  }
  return answer;
}

async function kept() {
  const answer = await (await caches.open(PAGE)).match(SHELL.page);
  if (!answer) return null;
  const at = answer.headers.get(KEPT_AT);
  if (Date.now() - Date.parse(at) > SHELL.hours * HOUR) {
    await forgetPage();
    return null;
  }
  // The page says since when it stands, and its clocks are set right by that.
  const page = (await answer.text()).replace("<html ", `<html data-kept-at="${at}" `);
  return new Response(page, { headers: answer.headers });
}

const otherwise = async () => (await caches.match(SHELL.otherwise)) ?? Response.error();

// The network first; where it is silent for too long, what was kept, if anything was.
async function tasks(request) {
  const network = fetch(request).then(keep);
  const late = new Promise((done) => setTimeout(done, PATIENCE)).then(kept);
  const first = await Promise.race([network.catch(() => null), late]);
  return first ?? (await network.catch(async () => (await kept()) ?? otherwise()));
}

function respond(event) {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && SHELL.doors.includes(url.pathname)) {
    // Whoever comes to the door is signed out, or is about to be.
    event.respondWith(forgetPage().then(() => fetch(request)).catch(otherwise));
  } else if (request.method === "GET" && url.pathname === SHELL.page && !url.searchParams.has("part")) {
    event.respondWith(request.mode === "navigate" ? tasks(request) : fetch(request).then(keep));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(otherwise));
  } else if (request.method === "GET" && url.pathname.startsWith(SHELL.statics)) {
    event.respondWith(file(request));
  }
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", respond);
self.addEventListener("sync", (event) => event.waitUntil(flush()));
self.addEventListener("message", (event) => {
  if (event.data === "keep") event.waitUntil(fetch(SHELL.page).then(keep).catch(() => null));
  if (event.data === "forget") event.waitUntil(forgetPage());
});
