// While an export is being written, what is shown of it is fetched anew every two seconds.
const PAUSE = 2000;
const list = document.querySelector("[data-exports]");

async function refresh() {
  const answer = await fetch(location.pathname, { credentials: "same-origin" }).catch(() => null);
  if (answer?.redirected) return location.reload();
  if (answer?.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-exports]");
    for (const item of fresh.querySelectorAll("[data-export]")) {
      const old = list.querySelector(`[data-export="${item.dataset.export}"]`);
      // A button that somebody is about to press stays; what has not changed is not announced again.
      if (old && old.innerHTML !== item.innerHTML) replace(old, item);
    }
    list.toggleAttribute("data-under-way", fresh.hasAttribute("data-under-way"));
  }
  if (list.hasAttribute("data-under-way")) setTimeout(refresh, PAUSE);
}

function replace(old, item) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(item);
  if (focused) item.querySelector("button, a")?.focus();
}

if (list?.hasAttribute("data-under-way")) setTimeout(refresh, PAUSE);
