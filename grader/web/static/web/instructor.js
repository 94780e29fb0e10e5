// Puts the cursor of the course file's text on a line: of the address, or of a mistake.
"use strict";

const goTo = (area, number) => {
  const lines = area.value.split("\n");
  const line = Math.max(1, Math.min(number, lines.length));
  const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + lines[line - 1].length);
  area.scrollTop = Math.max(0, (area.scrollHeight / lines.length) * (line - 8));
};

for (const area of document.querySelectorAll("textarea.yaml")) {
  if (area.dataset.line) goTo(area, Number(area.dataset.line));
  for (const link of document.querySelectorAll("a[data-goto]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(area, Number(link.dataset.goto));
    });
  }
}
