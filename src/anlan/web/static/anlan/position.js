// Sends where one stands with a form that has room for it, if the reader allows; without it the form goes as it is.
const PATIENCE = 5000;
const SEVEN_PLACES = 7;

// The device's position as the server takes it, or nothing.
export function whereabouts() {
  if (!navigator.geolocation) return Promise.resolve({});
  return new Promise((found) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => found(told(coords)),
      () => found({}),
      { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: PATIENCE },
    );
  });
}

export function told(coords) {
  return {
    lon: coords.longitude.toFixed(SEVEN_PLACES),
    lat: coords.latitude.toFixed(SEVEN_PLACES),
    accuracy_m: String(Math.min(Math.round(coords.accuracy), 100000)),
  };
}

function place(form, where) {
  for (const field of form.querySelectorAll("[data-position]")) field.value = where[field.dataset.position] ?? "";
}

async function send(event) {
  const form = event.target;
  if (!form.matches("form[data-place]") || !form.querySelector("[data-position]")) return;
  if (form.dataset.place === "sent") return;
  event.preventDefault();
  // A second press while the place is looked for would send the step twice.
  if (form.dataset.place === "asked") return;
  form.dataset.place = "asked";
  place(form, await whereabouts());
  form.dataset.place = "sent";
  form.requestSubmit(event.submitter);
}

if (navigator.geolocation) document.addEventListener("submit", send);
