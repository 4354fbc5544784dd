// The responder's page: each step goes into the queue of this phone first and from there to the server, so that it is
// the same with network and without. What waits is shown; what was refused is for the responder to decide.
import { listen, refresh } from "./live.js";
import { keep, now, shownSince, whenOnline } from "./offline.js";
import { shrunk } from "./photos.js";
import { whereabouts } from "./position.js";
import { entries, flush, newKey, put, remove } from "./sync.js";
import { follow } from "./whereabouts.js";

const EVERY = 30_000;
const phone = document.querySelector("[data-phone]");
const words = phone.dataset;
const { account } = words;
const list = () => document.querySelector("#tasks");
const photos = new WeakMap();
let waiting = [];

const minute = (moment) =>
  new Intl.DateTimeFormat(document.documentElement.lang, {
    timeZone: "Asia/Shanghai",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(moment));

// ---- what the page shows

function show(element, text) {
  element.textContent = text;
  element.hidden = !text;
}

function showTask(task) {
  const steps = waiting.filter((entry) => entry.matter === task.dataset.matter);
  const made = steps.filter((entry) => entry.step !== "note").at(-1);
  const mark = made ? made.key : "";
  show(task.querySelector("[data-waiting]"), steps.length ? words.waits : "");
  if ((task.dataset.made ?? "") === mark) return;
  task.dataset.made = mark;
  task.querySelector("[data-made]")?.remove();
  const badge = task.querySelector(".badge[data-state]");
  badge.dataset.state ||= badge.textContent;
  badge.textContent = badge.dataset.state;
  const present = task.querySelector("[data-present]");
  present.hidden = Boolean(made);
  if (!made) return;
  const next = task.querySelector(`template[data-after="${made.step}"]`)?.content.firstElementChild.cloneNode(true);
  if (!next) return;
  next.dataset.made = made.step;
  badge.textContent = next.dataset.state;
  present.after(next);
}

function outcome(entry) {
  const said = entry.told.text || entry.told.reason || "";
  const count = entry.files.length ? `${entry.files.length} ${words.photos}` : "";
  return [said, count].filter(Boolean).join(" · ");
}

function row(entry) {
  const line = document.querySelector("#entry").content.firstElementChild.cloneNode(true);
  line.dataset.key = entry.key;
  line.querySelector("[data-what]").textContent = entry.label;
  line.querySelector("[data-at]").textContent = minute(entry.doneAt);
  line.querySelector("[data-title]").textContent = entry.title;
  line.querySelector("[data-told]").textContent = outcome(entry);
  if (entry.refused) showConflict(line, entry);
  return line;
}

function showConflict(line, entry) {
  const { message, meanwhile } = entry.refused;
  line.querySelector("[data-conflict]").hidden = false;
  line.querySelector("[data-why]").textContent = message || words.refused;
  if (meanwhile) {
    line.querySelector("[data-meanwhile]").hidden = false;
    const lines = meanwhile.lines.map((each) => {
      const item = document.createElement("li");
      item.textContent = [minute(each.at), each.label, each.by, each.text].filter(Boolean).join(" · ");
      return item;
    });
    line.querySelector("[data-lines]").append(...lines);
  }
  line.querySelector("[data-keep]").addEventListener("click", () => keepAsNote(entry));
  line.querySelector("[data-again]").addEventListener("click", () => change({ ...entry, refused: null }));
  line.querySelector("[data-discard]").addEventListener("click", () => discard(entry));
}

async function render() {
  waiting = await entries(account);
  const tasks = list().querySelectorAll("[data-matter]");
  for (const task of tasks) showTask(task);
  document.querySelector("[data-count]").textContent = tasks.length;
  document.querySelector("#waiting").hidden = !waiting.length;
  document.querySelector("[data-waiting-number]").textContent = waiting.length;
  const count = document.querySelector("[data-waiting-count]");
  show(count, waiting.length ? `${words.wait} · ${waiting.length}` : "");
  document.querySelector("[data-entries]").replaceChildren(...waiting.map(row));
}

const states = {
  network: (sent) => (sent ? words.sent : null),
  "no-network": () => (shownSince ? `${words.kept} ${minute(shownSince)}` : words.noNetwork),
  "signed-out": () => words.signedOut,
  other: () => words.other,
};

// What stands in the way of sending, or that it was sent; where there is nothing new to say, what was said stays.
function showNetwork(state, sent = 0) {
  const box = document.querySelector("[data-network]");
  const text = states[state](sent) ?? (box.dataset.state === state ? box.dataset.text : "");
  if (box.dataset.text === text && box.dataset.state === state) return;
  Object.assign(box.dataset, { text, state });
  box.className = `notice ${state === "network" ? "green" : "orange"}`;
  show(box, text);
  if (state !== "signed-out") return;
  const link = document.createElement("a");
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
  link.textContent = words.signIn;
  box.append(" ", link);
}

// ---- what waits, and its way to the server

async function sendAll() {
  const before = new Set(waiting.map((entry) => entry.key));
  const state = await flush(account);
  await render();
  for (const entry of waiting) before.delete(entry.key);
  // The service worker, or another tab, may have been the one that sent it.
  const sent = before.size;
  if (state === "network" && shownSince && !waiting.length) return location.reload();
  if (sent) await refresh(list());
  showNetwork(state, sent);
  if (state === "no-network" && waiting.some((entry) => !entry.refused)) await whenOnline();
}

async function change(entry) {
  await put(account, entry);
  await render();
  await sendAll();
}

// What was done is told as a note, which is always possible: with its moment and its photos, under a key of its own.
function keepAsNote(entry) {
  const text = [entry.label, entry.told.text || entry.told.reason].filter(Boolean).join(" · ");
  return change({ ...entry, key: newKey(), step: "note", told: { text }, refused: null });
}

async function discard(entry) {
  if (!confirm(words.discarding)) return;
  await remove(account, entry.id);
  await render();
  await sendAll();
}

function toldIn(form) {
  const told = {};
  for (const [name, value] of new FormData(form)) {
    const ours = ["csrfmiddlewaretoken", "version", "files"].includes(name);
    if (!ours && typeof value === "string" && value.trim()) told[name] = value;
  }
  return told;
}

const whereToldIn = ({ accuracy_m: accuracy, ...where }) => (accuracy ? { ...where, accuracy_m: Number(accuracy) } : where);

function complain(form, text) {
  const box = form.querySelector("[data-complaint]") ?? document.createElement("p");
  box.dataset.complaint = "";
  box.className = "error";
  box.setAttribute("role", "alert");
  show(box, text);
  form.prepend(box);
}

// Steps on their way into the queue. The list may be replaced under a form meanwhile: nothing is asked of it later.
const making = new Set();

async function queue(form) {
  const { matter, title, version } = form.closest("[data-matter]").dataset;
  const { step, label } = form.dataset;
  const one = `${matter} ${step}`;
  if (making.has(one)) return;
  making.add(one);
  const doneAt = now().toISOString();
  const told = toldIn(form);
  const files = photos.get(form) ?? [];
  const seen = Number(version);
  try {
    if (form.querySelector("[data-position]")) Object.assign(told, whereToldIn(await whereabouts()));
    await put(account, { key: newKey(), matter, title, step, label, seen, doneAt, told, files, refused: null });
  } catch {
    return complain(form, words.noRoom);
  } finally {
    making.delete(one);
  }
  complain(form, "");
  photos.delete(form);
  form.querySelector("[data-photos]")?.remove();
  form.reset();
  form.closest("details")?.removeAttribute("open");
  await render();
  await sendAll();
}

// ---- photos, taken one by one and made smaller here

function showPhotos(form, field) {
  const taken = photos.get(form) ?? [];
  const shown = form.querySelector("[data-photos]") ?? document.createElement("ul");
  shown.dataset.photos = "";
  shown.className = "plain";
  shown.replaceChildren(
    ...taken.map((photo, index) => {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button plain small";
      button.textContent = `× ${photo.name} (${Math.ceil(photo.blob.size / 1024)} KB)`;
      button.addEventListener("click", () => {
        photos.set(form, taken.filter((_, other) => other !== index));
        if (taken.length === 1) field.value = "";
        showPhotos(form, field);
        field.focus();
      });
      item.append(button);
      return item;
    }),
  );
  field.after(shown);
}

async function take(field) {
  const { form } = field;
  const taken = [...(photos.get(form) ?? [])];
  complain(form, "");
  for (const file of field.files) {
    if (taken.length >= Number(words.mostFiles)) {
      complain(form, words.tooMany);
      break;
    }
    const photo = await shrunk(file, Number(words.photoPixels));
    if (photo) taken.push(photo);
    else complain(form, `${words.notPhoto} ${file.name}`);
  }
  // What was picked stays in the field, though its copies are sent: so the form is seen to be in use.
  photos.set(form, taken);
  showPhotos(form, field);
}

// ---- beginning

async function begin() {
  try {
    await render();
  } catch {
    // No place to keep anything on this phone: the forms work as they are, with network.
    return;
  }
  document.addEventListener(
    "submit",
    (event) => {
      if (!event.target.matches("form[data-step]")) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      queue(event.target);
    },
    { capture: true },
  );
  document.addEventListener("change", (event) => {
    if (event.target.matches("form[data-step] input[type=file]")) take(event.target);
  });
  // The list was brought up to date: the steps that wait are drawn over it, and the phone keeps the new one.
  document.addEventListener("live:replaced", () => {
    render();
    keep();
  });
  // Where the stream has lost its place, the list is fetched anew and the page stays: somebody may be writing.
  listen(null, { reset: () => refresh(list()) });
  addEventListener("online", sendAll);
  addEventListener("offline", () => showNetwork("no-network"));
  document.addEventListener("visibilitychange", () => document.hidden || sendAll());
  setInterval(sendAll, EVERY);
  follow(document.querySelector("[data-position-state]"));
  await sendAll();
}

begin();
