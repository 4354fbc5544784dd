// Photos open large in place: previous and next by button and arrow key, Escape closes, focus goes back.
const dialog = document.querySelector("[data-gallery-dialog]");
const picture = dialog?.querySelector("[data-gallery-picture]");
const caption = dialog?.querySelector("[data-gallery-name]");
let row = [];
let at = 0;

function show(index) {
  at = (index + row.length) % row.length;
  const { href, dataset } = row[at];
  picture.src = href;
  picture.alt = dataset.name;
  caption.textContent = `${dataset.name} · ${at + 1} / ${row.length}`;
  for (const button of dialog.querySelectorAll("[data-gallery-step]")) button.hidden = row.length < 2;
}

// One photo may stand both in the row and in the story: it is gone through once.
function photosAround(link) {
  const place = link.closest(".side") ?? document;
  const links = [...place.querySelectorAll("[data-photo]")];
  return [...new Map(links.map((each) => [each.dataset.photo, each])).values()];
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-photo]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  row = photosAround(link);
  show(row.findIndex((each) => each.dataset.photo === link.dataset.photo));
  dialog.showModal();
});
dialog?.addEventListener("click", (event) => {
  const step = event.target.closest("[data-gallery-step]");
  if (step) show(at + Number(step.dataset.galleryStep));
  else if (event.target === dialog || event.target.closest("[data-gallery-close]")) dialog.close();
});
dialog?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") show(at - 1);
  if (event.key === "ArrowRight") show(at + 1);
});
dialog?.addEventListener("close", () => picture.removeAttribute("src"));
