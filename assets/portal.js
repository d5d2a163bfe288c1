// Everything here improves a page that already works without it.
"use strict";

const said = document.getElementById("said");
const say = (text) => { if (said) { said.textContent = ""; setTimeout(() => { said.textContent = text; }, 50); } };

// What is on its way to an identity provider goes there without a click.
document.querySelector("form[data-submit]")?.requestSubmit();

// Masked values are copied as they are, without being shown.
const textOf = (element) => {
  const copy = element.cloneNode(true);
  for (const mask of copy.querySelectorAll(".mask")) mask.remove();
  return copy.textContent;
};

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(textOf(source));
      button.textContent = "✓ Copied";
      say("Copied to the clipboard");
    } catch {
      button.textContent = "Select and copy by hand";
      say("The browser did not allow copying");
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

const left = (seconds) => {
  if (seconds <= 0) return "expired";
  const hours = Math.floor(seconds / 3600), minutes = Math.floor(seconds / 60) % 60, rest = seconds % 60;
  if (hours > 0) return minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  if (minutes >= 10) return `${minutes} min`;
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
};

// The page was rendered by the server's clock, which in a test may stand anywhere: count from what it said.
const clocks = [...document.querySelectorAll("[data-until]")];
const rendered = Date.parse(document.documentElement.dataset.now || "") || Date.now();
const loaded = performance.now();
const tick = () => {
  const now = rendered + (performance.now() - loaded);
  for (const clock of clocks) {
    const seconds = Math.round((Date.parse(clock.dataset.until) - now) / 1000);
    clock.textContent = left(seconds);
    clock.classList.toggle("soon", seconds < 300);
  }
};
if (clocks.length > 0) { tick(); setInterval(tick, 1000); }

for (const input of document.querySelectorAll("input[data-filter]")) {
  const rows = [...document.querySelectorAll(`#${input.dataset.filter} > [data-words]`)];
  const none = document.getElementById(`${input.dataset.filter}-none`);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      shown += row.hidden ? 0 : 1;
    }
    if (none) none.hidden = shown > 0;
    say(shown === 1 ? "1 account" : `${shown} accounts`);
  });
}
