// Counts down to every <time data-clock>, by the server's clock: a telephone's own may be wrong by minutes.
const clocks = [...document.querySelectorAll("time[data-clock]")];
const loaded = performance.now();
const two = (number) => String(number).padStart(2, "0");

function left(clock) {
  const now = Date.parse(clock.dataset.now) + performance.now() - loaded;
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
  for (const clock of clocks) {
    const seconds = left(clock);
    clock.textContent = (seconds < 0 ? "+" : "") + shown(seconds, clock.dataset.days);
    clock.parentElement.classList.toggle("late", seconds < 0);
  }
}

for (const clock of clocks) clock.title = clock.textContent;
turn();
if (clocks.length) setInterval(turn, 1000);
