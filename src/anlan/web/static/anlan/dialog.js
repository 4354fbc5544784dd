// Dialogs are unfolded details until this runs; then they are modal, and Escape or "Close" leads back to the button.
for (const details of document.querySelectorAll("details[data-dialog]")) {
  const dialog = details.querySelector("dialog");
  const close = dialog.querySelector("[data-close]");
  close.hidden = false;
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    details.open = false;
    details.querySelector("summary").focus();
  });
  details.addEventListener("toggle", () => {
    if (!details.open) return;
    dialog.removeAttribute("open"); // else it could not be opened as modal
    dialog.showModal();
  });
}

for (const toast of document.querySelectorAll("[data-toast]")) {
  const close = toast.querySelector("[data-close]");
  close.hidden = false;
  close.addEventListener("click", () => toast.remove());
}
