// Where something is: the device's position if the reader wants to give it, and lists that follow one another.
const form = document.querySelector("form[data-place]");
const position = form.querySelector("[data-position]");
const said = position.querySelector("[role=status]");

function take({ coords }) {
  form.elements.lon.value = coords.longitude.toFixed(6);
  form.elements.lat.value = coords.latitude.toFixed(6);
  said.textContent = `${said.dataset.taken} (± ${Math.round(coords.accuracy)} m)`;
}

if ("geolocation" in navigator) {
  position.hidden = false;
  position.querySelector("button").addEventListener("click", () => {
    const refused = () => (said.textContent = said.dataset.refused);
    navigator.geolocation.getCurrentPosition(take, refused, { enableHighAccuracy: true, timeout: 15000 });
  });
}

// The server makes the lists, with JavaScript and without; here they only come without loading the page anew.
async function follow(list) {
  const body = new FormData(form);
  body.set("go", "area");
  const answer = await fetch(location.pathname, { method: "POST", body });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#area");
  fresh.querySelector("[data-more]")?.remove();
  document.querySelector("#area").replaceWith(fresh);
  fresh.querySelector(`[name="${list.name}"]`)?.focus();
}

form.querySelector("[data-more]")?.remove();
form.addEventListener("change", (event) => {
  if (event.target.matches("#area select:not([name=community])")) follow(event.target);
});
