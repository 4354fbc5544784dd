// Sends where one stands with a form that has room for it, if the reader allows; without it the form goes as it is.
const PATIENCE = 5000;
const SEVEN_PLACES = 7;

function place(form, coords) {
  for (const [name, value] of [["lon", coords.longitude], ["lat", coords.latitude]]) {
    form.querySelector(`[data-position="${name}"]`).value = value.toFixed(SEVEN_PLACES);
  }
}

function send(event) {
  const form = event.target;
  if (form.dataset.place === "sent") return;
  event.preventDefault();
  // A second press while the place is looked for would send the step twice.
  if (form.dataset.place === "asked") return;
  form.dataset.place = "asked";
  const go = () => {
    form.dataset.place = "sent";
    form.requestSubmit(event.submitter);
  };
  navigator.geolocation.getCurrentPosition(
    (position) => {
      place(form, position.coords);
      go();
    },
    go,
    { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: PATIENCE },
  );
}

if (navigator.geolocation) {
  for (const form of document.querySelectorAll("form[data-place]")) {
    if (form.querySelector("[data-position]")) form.addEventListener("submit", send);
  }
}
