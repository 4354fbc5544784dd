// What changes on the server reaches the page: one stream of events a page, opened again by itself when it is lost.
//
//   import { listen } from "./live.js";
//   const stop = listen(({ matter, version, kind, state }) => …, { reset, presence, state });
//
// Several events of a moment come one after the other, of each matter only the latest. Without a stream nothing happens.
// Declared parts need no script: <section id="…" data-live="ADDRESS" data-live-matter="ID" data-live-version="N"> is
// fetched anew from ADDRESS when an event concerns it (without an ID: any), and what the reader has open, typed or in
// focus stays; where it can't, data-meanwhile and data-load are the words that offer to load it. [data-live-state] shows "live" or "reconnecting", [data-live-presence] who else is looking.
const GATHERED_MS = 250;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;
// A browser opens only six streams to one server: a page that is out of sight gives its own back.
const HIDDEN_MS = 60_000;

const address = document.querySelector('meta[name="live"]')?.content;
const listeners = new Set();
const waiting = new Map();
let source, last, retry, hiding, gathering, ended, pause = FIRST_PAUSE_MS, shown = "";

export function listen(changed, { reset, presence, state } = {}) {
  const listener = { changed, reset, presence, state };
  listeners.add(listener);
  if (shown) state?.(shown);
  if (!source && !retry && !document.hidden) open();
  return () => listeners.delete(listener);
}

// Tell colleagues which matter is being looked at (null for none), where that changes without a new page.
export function lookAt(matter) {
  if (!address) return;
  if (matter === looking) return showPresence(); // the place where it stands may be new
  looking = matter;
  present = undefined;
  if (source) open();
}
let looking = address ? new URL(address, location.href).searchParams.get("looking") : null;
let present;

function url() {
  const wanted = new URL(address, location.href);
  if (last) {
    wanted.searchParams.set("last", last);
    wanted.searchParams.delete("since");
  }
  if (looking) wanted.searchParams.set("looking", looking);
  else wanted.searchParams.delete("looking");
  return wanted;
}

function open() {
  if (!address || ended) return;
  source?.close();
  clearTimeout(retry);
  retry = undefined;
  const here = (source = new EventSource(url(), { withCredentials: true }));
  here.addEventListener("open", () => {
    pause = FIRST_PAUSE_MS;
    show("live");
  });
  for (const [name, take] of Object.entries({ here: () => {}, matter, reset, presence, end })) {
    here.addEventListener(name, (event) => {
      if (event.lastEventId) last = event.lastEventId;
      take(JSON.parse(event.data));
    });
  }
  here.addEventListener("error", () => {
    if (here !== source) return;
    here.close();
    show("reconnecting");
    clearTimeout(retry);
    // Not all at the same moment: the server has just come back.
    retry = setTimeout(open, pause * (0.5 + Math.random()));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  });
}

function close() {
  source?.close();
  source = undefined;
  clearTimeout(retry);
  retry = undefined;
}

function show(state) {
  shown = state;
  for (const element of document.querySelectorAll("[data-live-state]")) {
    element.dataset.liveState = state;
    element.textContent = element.dataset[`word${state[0].toUpperCase()}${state.slice(1)}`] ?? "";
    element.hidden = false;
  }
  for (const listener of listeners) listener.state?.(state);
}

function matter(event) {
  waiting.delete(event.matter);
  waiting.set(event.matter, event);
  gathering ??= setTimeout(tell, GATHERED_MS);
}

function tell() {
  gathering = undefined;
  const events = [...waiting.values()];
  waiting.clear();
  for (const event of events) for (const listener of listeners) listener.changed?.(event);
}

function showPresence() {
  for (const element of document.querySelectorAll("[data-live-presence]")) {
    element.textContent = present?.people.length ? `${element.dataset.word} ${present.people.join("、")}` : "";
  }
}

function presence(event) {
  present = event;
  showPresence();
  for (const listener of listeners) listener.presence?.(event);
}

function reset() {
  const heard = [...listeners].filter((listener) => listener.reset);
  for (const listener of heard) listener.reset();
  if (!heard.length && !touched(document)) location.reload();
  else if (!heard.length) for (const part of document.querySelectorAll("[data-live]")) refresh(part);
}

function end() {
  ended = true;
  close();
  show("ended");
}

addEventListener("pagehide", close);
addEventListener("pageshow", (event) => event.persisted && listeners.size && open());
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(close, HIDDEN_MS);
  else if (!source && !retry && listeners.size) open();
});

// The declared parts.

function concerns(part, event) {
  const { liveMatter, liveVersion } = part.dataset;
  return (!liveMatter || liveMatter === event.matter) && !(liveVersion && event.version <= Number(liveVersion));
}

const fetching = new WeakMap();

// Fetch a part anew and put it in the place of the old one; called again meanwhile, it is fetched once more afterwards.
export async function refresh(part) {
  if (fetching.has(part)) return fetching.set(part, true);
  fetching.set(part, false);
  try {
    const answer = await fetch(part.dataset.live, { headers: { "X-Live": "part" }, redirect: "error" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = (part.id && page.getElementById(part.id)) || page.body.firstElementChild;
    const again = fetching.get(part);
    if (!fresh || !part.isConnected) return;
    const now = replace(part, document.adoptNode(fresh));
    if (again) refresh(now);
  } catch {
    // The network is away: the stream says so, and what is missed comes with the next event.
  } finally {
    fetching.delete(part);
  }
}

function replace(old, fresh) {
  const focus = old.contains(document.activeElement) ? way(old, document.activeElement) : undefined;
  const selection = focus && [document.activeElement.selectionStart, document.activeElement.selectionEnd];
  const scrolled = [...old.querySelectorAll("*")].filter((each) => each.scrollTop || each.scrollLeft)
    .map((each) => [way(old, each), each.scrollTop, each.scrollLeft]);
  const opened = [...old.querySelectorAll("details[open]")].map((each) => way(old, each));
  const forms = [...old.querySelectorAll("form")].filter((form) => touched(form));
  // A form in which somebody writes stays the very same one, chosen files and all; if there is no room for it any
  // more, nothing is replaced: better an old page than lost words. The server refuses what is stale, and says why.
  const rooms = forms.map((form) => counterpart(form, fresh));
  if (rooms.some((room) => !room)) {
    meanwhile(old, () => location.reload());
    return old;
  }
  old.replaceWith(fresh);
  rooms.forEach((room, number) => room.replaceWith(forms[number]));
  for (const place of opened) at(fresh, place)?.setAttribute("open", "");
  for (const [place, top, left] of scrolled) at(fresh, place)?.scrollTo(left, top);
  const again = focus && at(fresh, focus);
  if (again) {
    again.focus({ preventScroll: true });
    if (selection[0] != null) again.setSelectionRange(...selection);
  }
  fresh.dispatchEvent(new CustomEvent("live:replaced", { bubbles: true }));
  return fresh;
}

// Say above a part that it has changed since, and offer to load it. The words stand on the part (or on what holds it)
// as data-meanwhile and data-load.
export function meanwhile(part, load) {
  const words = part.closest("[data-meanwhile]")?.dataset;
  if (!words || part.querySelector(".meanwhile")) return;
  const notice = document.createElement("div");
  const button = document.createElement("button");
  notice.className = "notice orange meanwhile";
  notice.setAttribute("role", "status");
  button.type = "button";
  button.className = "button small";
  button.textContent = words.load;
  button.addEventListener("click", load);
  notice.append(`${words.meanwhile} `, button);
  part.prepend(notice);
}

function touched(within) {
  const fields = within.elements ? [...within.elements] : [...within.querySelectorAll("input, textarea, select")];
  return fields.some((field) => {
    if (field.type === "hidden" || field.type === "submit" || field.type === "button") return false;
    if (field === document.activeElement && field.matches("input, textarea, select")) return true;
    if (field.type === "file") return field.files.length > 0;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected) && !unset(field);
    return "defaultValue" in field && field.value !== field.defaultValue;
  });
}

// A list in which nothing was chosen beforehand shows its first entry; that is nobody's choice.
function unset(field) {
  return !field.multiple && field.selectedIndex === 0 && ![...field.options].some((option) => option.defaultSelected);
}

function counterpart(form, fresh) {
  const act = form.querySelector('input[name="act"]')?.value;
  return [...fresh.querySelectorAll("form")].find((each) =>
    each.getAttribute("action") === form.getAttribute("action") && each.querySelector('input[name="act"]')?.value === act);
}

// Where an element stands: by its id, else by its name in its form, else by the way of positions down from the part.
function way(root, element) {
  if (element.id) return { id: element.id };
  const steps = [];
  for (let each = element; each && each !== root; each = each.parentElement) {
    steps.unshift([...each.parentElement.children].indexOf(each));
  }
  return { steps, tag: element.tagName };
}

function at(root, { id, steps, tag }) {
  const found = id ? document.getElementById(id) : steps.reduce((each, step) => each?.children[step], root);
  return found && (!tag || found.tagName === tag) ? found : undefined;
}

if (document.querySelector("[data-live]")) {
  listen((event) => {
    for (const part of document.querySelectorAll("[data-live]")) if (concerns(part, event)) refresh(part);
  });
} else if (document.querySelector("[data-live-state], [data-live-presence]")) {
  listen();
}
