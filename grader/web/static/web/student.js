// Says what is wrong with a file before it is sent, and that it is being sent.
"use strict";

for (const form of document.querySelectorAll("form[data-ending]")) {
  const input = form.querySelector("input[type=file]");
  const told = form.querySelector(".problem");
  const button = form.querySelector("button");
  const wrong = (file) => {
    if (!file) return "Choose a file first.";
    if (!file.name.toLowerCase().endsWith(form.dataset.ending)) return `“${file.name}” is no ${form.dataset.ending} file.`;
    if (file.size > Number(form.dataset.largest)) return `“${file.name}” has ${file.size.toLocaleString("en")} bytes; ${Number(form.dataset.largest).toLocaleString("en")} is the limit.`;
    return "";
  };
  const tell = (text) => { told.textContent = text; told.hidden = !text; };
  input.addEventListener("change", () => tell(wrong(input.files[0])));
  form.addEventListener("submit", (event) => {
    const text = wrong(input.files[0]);
    tell(text);
    if (text) { event.preventDefault(); return; }
    button.disabled = true;
    button.textContent = "Sending …";
  });
}

// The time that is left runs on, from what the server said; when it is over, the server says what then.
const words = (seconds) => {
  const [days, hours, minutes] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days) return `${days} day${days === 1 ? "" : "s"} ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${seconds % 60} s`;
};
const count = () => {
  for (const shown of document.querySelectorAll("[data-seconds]")) {
    shown.dataset.until ||= Date.now() + 1000 * Number(shown.dataset.seconds);
    const left = Math.floor((Number(shown.dataset.until) - Date.now()) / 1000);
    if (left < 0) {
      shown.removeAttribute("data-seconds");
      shown.closest("[hx-get]").dispatchEvent(new Event("over"));
    } else if (shown.textContent !== words(left)) shown.textContent = words(left);
  }
};
setInterval(count, 1000);
