// The command board by keyboard: j and k move, a sends the first suggested unit, / searches. Can be turned off.
const KEPT = "anlan.keys";
const choice = document.querySelector("[data-keys]");
const rows = [...document.querySelectorAll("[data-row]")];

function go(by) {
  const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[Math.min(Math.max(here + by, 0), rows.length - 1)];
  if (next && !next.hasAttribute("aria-current")) next.click();
}

const acts = {
  j: () => go(1),
  k: () => go(-1),
  a: () => document.querySelector("[data-first]")?.click(),
  "/": () => document.querySelector("[data-search]")?.focus(),
};

function pressed(event) {
  const typing = event.target.closest?.("input:not([type=checkbox]), textarea, select");
  if (typing || !choice.checked || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = acts[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
}

if (choice) {
  choice.checked = localStorage.getItem(KEPT) !== "off";
  choice.addEventListener("change", () => localStorage.setItem(KEPT, choice.checked ? "on" : "off"));
  document.addEventListener("keydown", pressed);
}
document.querySelector("[data-row][aria-current]")?.scrollIntoView({ block: "nearest" });
