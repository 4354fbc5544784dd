// Counts down to every <time data-clock>, by the server's clock: a telephone's own may be wrong by minutes.
// Parts of a page come and go, so the clocks are looked for at each turn; each counts from the moment it was first seen.
const seen = new WeakMap();
const two = (number) => String(number).padStart(2, "0");

function left(clock) {
  if (!seen.has(clock)) {
    seen.set(clock, performance.now());
    clock.title = clock.textContent;
  }
  const now = Date.parse(clock.dataset.now) + performance.now() - seen.get(clock);
  return Math.round((Date.parse(clock.dateTime) - now) / 1000);
}

function shown(seconds, days) {
  const all = Math.abs(seconds);
  const hours = Math.floor(all / 3600);
  const rest = `${two(Math.floor(all / 60) % 60)}:${two(all % 60)}`;
  if (hours >= 48) return `${Math.floor(hours / 24)} ${days}`;
  return hours ? `${hours}:${rest}` : rest;
}

function turn() {
  for (const clock of document.querySelectorAll("time[data-clock]")) {
    const seconds = left(clock);
    clock.textContent = (seconds < 0 ? "+" : "") + shown(seconds, clock.dataset.days);
    clock.parentElement.classList.toggle("late", seconds < 0);
  }
}

turn();
setInterval(turn, 1000);
