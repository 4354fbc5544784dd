// On each page of a responder: a warning before signing out deletes what this phone has not sent yet.
import { entries, forget } from "./sync.js";

const door = document.querySelector("form[data-leaving]");

async function mayLeave({ account, leaving }) {
  const waiting = await entries(account);
  if (waiting.length && !confirm(`${leaving} (${waiting.length})`)) return false;
  await forget(account);
  localStorage.removeItem("anlan.skew");
  navigator.serviceWorker?.controller?.postMessage("forget");
  return true;
}

door?.addEventListener("submit", async (event) => {
  if (door.dataset.sure) return;
  event.preventDefault();
  // Where a browser keeps nothing there is nothing to lose.
  if (!(await mayLeave(door.dataset).catch(() => true))) return;
  door.dataset.sure = "yes";
  door.requestSubmit();
});
