// Where something is: a pin on the map, the device's position if the reader wants to give it, and lists that follow
// one another. Whichever is told last fills in the others.
import { mapOf } from "./map.js";

const form = document.querySelector("form[data-place]");
const position = form.querySelector("[data-position]");
const said = position.querySelector("[role=status]");
const clear = position.querySelector("[data-clear]");
const here = position.querySelector("[data-here]");
const { lon, lat } = form.elements;

position.hidden = false;
const map = mapOf(position.querySelector("[data-map]"));
map.onPlace((east, north) => take(east, north));
if (lon.value && lat.value && Number.isFinite(Number(lon.value) + Number(lat.value))) {
  map.place(Number(lon.value), Number(lat.value));
  clear.hidden = false;
}

clear.addEventListener("click", () => {
  lon.value = lat.value = "";
  map.clear();
  clear.hidden = true;
  said.textContent = said.dataset.cleared;
});

if ("geolocation" in navigator) {
  here.hidden = false;
  here.addEventListener("click", () => {
    const refused = () => (said.textContent = said.dataset.refused);
    const found = ({ coords }) => {
      map.place(coords.longitude, coords.latitude);
      take(coords.longitude, coords.latitude, ` (± ${Math.round(coords.accuracy)} m)`);
    };
    navigator.geolocation.getCurrentPosition(found, refused, { enableHighAccuracy: true, timeout: 15000 });
  });
}

// Keep the position, and say in which community and grid it lies; the lists show the same.
async function take(east, north, accuracy = "") {
  lon.value = east.toFixed(6);
  lat.value = north.toFixed(6);
  clear.hidden = false;
  said.textContent = said.dataset.taken + accuracy;
  const answer = await fetch(`${said.dataset.where}?lon=${lon.value}&lat=${lat.value}`);
  const found = await answer.json();
  if (!answer.ok) {
    said.textContent = found.error.message;
    return;
  }
  said.textContent = `${said.dataset.lies} ${found.name}${accuracy}`;
  const [, district = "", town = "", community = ""] = found.path;
  await follow({ district, town, community });
}

// The server makes the lists, with JavaScript and without; here they only come without loading the page anew.
async function follow(chosen = {}) {
  const body = new FormData(form);
  for (const [name, code] of Object.entries({ go: "area", ...chosen })) body.set(name, code);
  const answer = await fetch(location.pathname, { method: "POST", body });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#area");
  fresh.querySelector("[data-more]")?.remove();
  const held = document.activeElement?.name;
  document.querySelector("#area").replaceWith(fresh);
  fresh.querySelector(`[name="${held}"]`)?.focus();
}

form.querySelector("[data-more]")?.remove();
form.addEventListener("change", async ({ target }) => {
  if (!target.matches("#area select")) return;
  if (target.name !== "community") await follow();
  const chosen = [...form.querySelectorAll("#area select")].map((list) => list.value).filter(Boolean);
  if (!lon.value) map.show(chosen.join("."));
});
