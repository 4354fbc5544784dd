// On duty, and only while the page can be seen, the server is told where the phone is: not too often, and one place
// only, which replaces the one before. A web page can't do it in the background, and this one does not want to.
import { told } from "./position.js";

const RADIUS = 6_371_000;
const radians = (degrees) => (degrees * Math.PI) / 180;

function metres(one, other) {
  const dx = radians(other.longitude - one.longitude) * Math.cos(radians((one.latitude + other.latitude) / 2));
  return RADIUS * Math.hypot(dx, radians(other.latitude - one.latitude));
}

export function follow(state) {
  if (!state || !navigator.geolocation) return;
  const { address, seconds, metres: far } = state.dataset;
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  let watch = null;
  let last = null;

  async function send({ coords }) {
    const at = Date.now();
    if (last && at - last.at < seconds * 1000 && metres(last.coords, coords) < far) return;
    last = { at, coords };
    const { lon, lat } = told(coords);
    const body = new URLSearchParams({ lon, lat });
    const answer = await fetch(address, { method: "POST", body, headers: { "X-CSRFToken": token } }).catch(() => null);
    if (answer?.ok) state.textContent = state.dataset.sending;
    // Off duty by another phone, or signed out: nothing more is sent.
    if (answer && (answer.redirected || answer.status === 403 || answer.status === 409)) stop(state.dataset.notSending);
  }

  function stop(text) {
    if (watch !== null) navigator.geolocation.clearWatch(watch);
    watch = null;
    if (text) state.textContent = text;
  }

  function start() {
    if (document.hidden) return stop();
    watch ??= navigator.geolocation.watchPosition(send, () => stop(state.dataset.notSending), {
      enableHighAccuracy: true,
      maximumAge: seconds * 1000,
    });
  }

  document.addEventListener("visibilitychange", start);
  start();
}
