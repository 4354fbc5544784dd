// Reads the page's content aloud where the browser can; the button stays hidden where it cannot.
const button = document.querySelector("[data-aloud]");
const voice = window.speechSynthesis;

function words() {
  const content = document.querySelector("main").cloneNode(true);
  content.querySelectorAll("form, [hidden], [data-unread]").forEach((part) => part.remove());
  return content.textContent.replace(/\s+/g, " ").trim();
}

function rest() {
  button.setAttribute("aria-pressed", "false");
}

if (button && voice) {
  button.hidden = false;
  button.addEventListener("click", () => {
    if (voice.speaking) {
      voice.cancel();
      return rest();
    }
    const speech = new SpeechSynthesisUtterance(words());
    speech.lang = document.documentElement.lang === "en" ? "en-US" : "zh-CN";
    speech.rate = 0.9;
    speech.onend = speech.onerror = rest;
    button.setAttribute("aria-pressed", "true");
    voice.speak(speech);
  });
  addEventListener("pagehide", () => voice.cancel());
}
