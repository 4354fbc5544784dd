// The command board: choosing by key, by map and by hand; several at once; and live.
import { listen, lookAt } from "./live.js";
import { mapOf } from "./map.js";
import { address, choose, chosenId, freshChosen, freshFigures, freshList, freshSaved, onNew, rowOf, rows } from "./board-parts.js";

const KEPT = "anlan.keys";
const OFTEN = 1000; // a burst of changes is one refresh
const FIGURES_EVERY = 60_000;
const board = document.querySelector("[data-board]");
const help = document.querySelector("[data-keys-help]");
const panel = board.querySelector("[data-part=chosen]");
const list = board.querySelector("[data-part=list]");
const quietly = (promise) => promise.catch(() => {}); // the page as it stands stays of use without network

// Keys. They can all be turned off, for whoever speaks to the machine (WCAG 2.1.4).
const keysOn = () => localStorage.getItem(KEPT) !== "off";
const press = (selector) => panel.querySelector(selector)?.click();
let lastTicked = ""; // the matter, not its box: the list is drawn anew while one chooses

function go(by) {
  const all = rows();
  const here = all.findIndex((row) => row.hasAttribute("aria-current"));
  const next = all[Math.min(Math.max(here + by, 0), all.length - 1)];
  if (next && !next.hasAttribute("aria-current")) quietly(choose(next.closest("li").dataset.matter));
}

function tick(event) {
  const box = rowOf(chosenId())?.querySelector("[data-tick]");
  if (!box) return;
  box.checked = !box.checked;
  ranged(box, event.shiftKey);
}

function openStep(...names) {
  for (const name of names) {
    const step = panel.querySelector(`[data-step=${name}] :is(summary, button)`);
    if (!step) continue;
    step.click();
    panel.querySelector(`[data-step=${name}] :is(textarea, input:not([type=hidden]))`)?.focus();
    return;
  }
}

const acts = {
  j: () => go(1),
  k: () => go(-1),
  1: () => press("[data-nth='1']"),
  2: () => press("[data-nth='2']"),
  3: () => press("[data-nth='3']"),
  a: () => press("[data-nth='1']"),
  m: () => press("[data-merge]"),
  r: () => openStep("return_to_police", "withdraw"),
  u: () => document.querySelector("[data-undo]")?.click(),
  x: tick,
  "?": () => help.showModal(),
  "/": () => document.querySelector("[data-search]")?.focus(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog, .map-ground");
  if (typing || !keysOn() || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act(event);
});

// Several at once: ticked one by one, or with Shift from the last one to here.
function ranged(box, shift) {
  const boxes = [...list.querySelectorAll("[data-tick]")];
  const last = boxes.findIndex((each) => each.closest("li").dataset.matter === lastTicked);
  const [from, to] = [last, boxes.indexOf(box)].sort((a, b) => a - b);
  if (shift && from >= 0) for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
  lastTicked = box.closest("li").dataset.matter;
  counted();
}

function counted() {
  const number = list.querySelectorAll("[data-tick]:checked").length;
  const bar = list.querySelector("#bulk");
  if (!bar) return;
  bar.hidden = number === 0;
  bar.querySelector("[data-ticked]").textContent = number;
}

list.addEventListener("click", (event) => {
  if (event.target.matches("[data-tick]")) ranged(event.target, event.shiftKey);
  if (event.target.closest("[data-keys-open]")) help.showModal();
  const row = event.target.closest("[data-row]");
  const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0;
  // On a narrow page the link leads to the matter below; beside the list it is put there at once.
  if (row && plain && matchMedia("(min-width: 60rem)").matches) {
    event.preventDefault();
    choose(row.closest("li").dataset.matter).catch(() => location.assign(row.href));
  }
});
list.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys]")) localStorage.setItem(KEPT, event.target.checked ? "on" : "off");
});

function dressed(part) {
  if (part !== "list") return;
  counted();
  const choice = list.querySelector("[data-keys]");
  if (choice) choice.checked = keysOn();
  list.querySelector("[data-keys-open]")?.removeAttribute("hidden");
  for (const row of list.querySelectorAll("[data-state=routed]")) row.draggable = true;
}
onNew(dressed);
dressed("list");
rows().find((row) => row.hasAttribute("aria-current"))?.scrollIntoView({ block: "nearest" });

// The map: what is chosen there is chosen here, and back.
const element = board.querySelector("[data-map]");
const map = element && window.L ? mapOf(element) : null;
let marked = new Set();

async function freshMap() {
  const query = new URLSearchParams(board.dataset.query);
  const { points } = await (await fetch(`${element.dataset.pointsFrom}?${query}`)).json();
  map.setPoints(points);
  marked = new Set(points.map((point) => point.id));
  if (marked.has(chosenId())) map.select(chosenId());
}

if (map) {
  map.onPick((id) => rowOf(id) ? quietly(choose(id)) : id.startsWith("unit-") || location.assign(address({ matter: id })));
  map.onDrop?.((id, event) => id.startsWith("unit-") && sent(event.dataTransfer.getData("text/plain"), id.slice("unit-".length)));
  onNew((part) => part === "chosen" && marked.has(chosenId()) && map.select(chosenId()));
  quietly(freshMap());
}

// By hand: a matter dragged onto a unit is sent there; the page that follows offers to undo it.
function sent(id, unit) {
  const row = rowOf(id);
  if (!row) return;
  const form = document.querySelector("[data-drop-form]");
  form.action = `${board.dataset.address}/${id}/steps/assign?${board.dataset.query}`;
  form.elements.version.value = row.dataset.version;
  form.elements.unit_id.value = unit;
  form.submit();
}

list.addEventListener("dragstart", (event) => {
  const row = event.target.closest("li[draggable=true]");
  if (!row) return;
  event.dataTransfer.setData("text/plain", row.dataset.matter);
  event.dataTransfer.effectAllowed = "move";
  row.classList.add("dragged");
});
list.addEventListener("dragend", (event) => event.target.closest("li")?.classList.remove("dragged"));
const unitAt = (event) => event.target.closest?.("[data-unit]");
panel.addEventListener("dragover", (event) => {
  for (const unit of panel.querySelectorAll(".over")) unit.classList.remove("over");
  if (!unitAt(event)) return;
  event.preventDefault();
  unitAt(event).classList.add("over");
});
panel.addEventListener("drop", (event) => {
  if (!unitAt(event)) return;
  event.preventDefault();
  sent(event.dataTransfer.getData("text/plain"), unitAt(event).dataset.unit);
});

// Live: the list and the counts follow what happens; the chosen matter follows unless a form is open.
let waiting = null;
function changed(event) {
  if (event.matter === chosenId()) {
    const shown = Number(panel.querySelector("[data-chosen]").dataset.version);
    if (event.version > shown) quietly(freshChosen());
  }
  waiting ??= setTimeout(() => {
    waiting = null;
    quietly(freshList());
    if (map) quietly(freshMap());
  }, OFTEN);
}

listen(changed, { reset: () => changed({ matter: chosenId(), version: Infinity }) });
onNew((part) => part === "chosen" && lookAt(chosenId() || null));
document.querySelector("[data-saved]")?.addEventListener("toggle", () => quietly(freshSaved()), { once: true });

quietly(freshFigures());
setInterval(() => quietly(freshFigures()), FIGURES_EVERY);
