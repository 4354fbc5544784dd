// The parts of the board that are fetched anew while it is open: the list, the chosen matter, the figures.
// What was ticked, where one was, and whatever is being typed is never lost.
import { meanwhile } from "./live.js";

const board = document.querySelector("[data-board]");
const place = (part) => document.querySelector(`[data-part=${part}]`);
const told = [];

export const rows = () => [...board.querySelectorAll("[data-row]")];
export const rowOf = (id) => board.querySelector(`[data-matter="${CSS.escape(id)}"]`);
export const chosenId = () => place("chosen").querySelector("[data-chosen]")?.dataset.chosen ?? "";
// Called with the name of a part each time it is new.
export const onNew = (callback) => told.push(callback);

export function address(more = {}) {
  const query = new URLSearchParams(board.dataset.query);
  for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
  // Not where the page stands: after a refused step that is an address one can only send to.
  return `${board.dataset.address}?${query}`;
}

async function fetched(part, more = {}) {
  const answer = await fetch(address({ part, ...more }), { headers: { "X-Requested-With": "fetch" } });
  // Signed out, or it lies elsewhere now: the whole page says which.
  if (answer.redirected) location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

function put(part, content) {
  place(part).replaceChildren(content);
  told.forEach((callback) => callback(part));
}

export async function freshList() {
  const content = await fetched("list", { matter: chosenId() });
  const list = place("list");
  const before = new Set([...list.querySelectorAll("[data-matter]")].map((row) => row.dataset.matter));
  const ticked = new Set([...list.querySelectorAll("[data-tick]:checked")].map((tick) => tick.closest("li").dataset.matter));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const focusedRow = focused?.closest("[data-matter]")?.dataset.matter;
  const keys = list.querySelector("[data-keys]")?.checked;
  const open = list.querySelector(".parts")?.open;
  const top = list.scrollTop;
  for (const row of content.querySelectorAll("[data-matter]")) {
    row.classList.toggle("new", before.size > 0 && !before.has(row.dataset.matter));
    row.querySelector("[data-tick]").checked = ticked.has(row.dataset.matter);
    // Another may have been chosen since the list was asked for.
    const link = row.querySelector("[data-row]");
    if (row.dataset.matter === chosenId()) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (content.querySelector("[data-keys]")) content.querySelector("[data-keys]").checked = keys;
  if (content.querySelector(".parts")) content.querySelector(".parts").open = open;
  put("list", content);
  list.scrollTop = top;
  const again = focusedRow && rowOf(focusedRow);
  if (again) again.querySelector(focused.matches("[data-tick]") ? "[data-tick]" : "[data-row]").focus({ preventScroll: true });
}

// Is somebody in the middle of something in the panel of the chosen matter?
function busy() {
  const panel = place("chosen");
  const typed = [...panel.querySelectorAll("textarea, input:not([type=hidden])")].some((field) =>
    field.type === "radio" || field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue,
  );
  return typed || panel.querySelector("details.step[open]") !== null;
}

export async function choose(id, { move = true } = {}) {
  if (!id || (busy() && id !== chosenId())) {
    if (id) location.assign(address({ matter: id })); // the browser asks nothing, but Back brings the form again
    return;
  }
  put("chosen", await fetched("chosen", { matter: id }));
  for (const row of rows()) row.toggleAttribute("aria-current", row.closest("li").dataset.matter === id);
  rowOf(id)?.querySelector("[data-row]").setAttribute("aria-current", "true");
  rowOf(id)?.scrollIntoView({ block: "nearest" });
  if (move) history.replaceState(null, "", address({ matter: id }));
}

// The chosen matter has changed: shown at once, or, where a form is open, offered.
export async function freshChosen() {
  const panel = place("chosen");
  if (!busy()) return choose(chosenId(), { move: false });
  meanwhile(panel, async () => put("chosen", await fetched("chosen", { matter: chosenId() })));
}

export async function freshFigures() {
  put("figures", await fetched("figures"));
}

export async function freshSaved() {
  put("saved", await fetched("saved"));
}
