// A field for an address: while one types, what it may become is listed beneath (the combobox pattern of WAI-ARIA).
// Arrow keys go through the list, Enter takes a line, Escape closes it; whoever ignores it types on.
const PAUSE = 150; // milliseconds without a key, before the server is asked
const SHORTEST = 2;

for (const field of document.querySelectorAll("[data-address]")) comboOn(field);

function comboOn(field) {
  const input = field.querySelector("input");
  const list = field.querySelector("[role=listbox]");
  const said = field.querySelector("[role=status]");
  let timer = 0;
  let asking = null;
  let current = -1;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  close();

  input.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing) timer = setTimeout(ask, PAUSE);
  });
  // An input method tells its characters when they are whole.
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const last = list.children.length - 1;
    if (event.key === "ArrowDown") point(current < last ? current + 1 : 0);
    else if (event.key === "ArrowUp") point(current > 0 ? current - 1 : last);
    else if (event.key === "Enter" && current >= 0) take(list.children[current]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  // Before the field loses the focus.
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const line = event.target.closest("[role=option]");
    if (line) take(line);
  });

  async function ask() {
    forget();
    const typed = input.value.trim();
    if (typed.length < SHORTEST) {
      close();
      return;
    }
    const { signal } = (asking = new AbortController());
    try {
      const answer = await fetch(`${field.dataset.address}?q=${encodeURIComponent(typed)}`, { signal });
      if (answer.ok) show(await answer.json());
      else close();
    } catch {
      if (!signal.aborted) close(); // offline: suggestions are only a help
    }
  }

  // Of what was asked no answer is wanted any more.
  function forget() {
    clearTimeout(timer);
    asking?.abort();
  }

  function show(found) {
    list.replaceChildren(...found.map(({ text }, at) => {
      const line = document.createElement("li");
      line.id = `${list.id}-${at}`;
      line.setAttribute("role", "option");
      line.textContent = text;
      return line;
    }));
    said.textContent = found.length ? `${field.dataset.count} ${found.length}` : field.dataset.none;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    point(-1);
  }

  function point(at) {
    current = at;
    [...list.children].forEach((line, nth) => line.setAttribute("aria-selected", String(nth === at)));
    if (at < 0) {
      input.removeAttribute("aria-activedescendant");
    } else {
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function take(line) {
    input.value = line.textContent;
    close();
    field.dispatchEvent(new CustomEvent("address-taken", { bubbles: true, detail: line.textContent }));
  }

  function close() {
    forget();
    list.hidden = true;
    said.textContent = "";
    input.setAttribute("aria-expanded", "false");
    current = -1;
    input.removeAttribute("aria-activedescendant");
  }
}
