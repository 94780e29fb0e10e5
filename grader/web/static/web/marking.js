// Keys of the marking page, the sum of what is chosen, earlier comments, and signs of being there.
"use strict";

(() => {
  const form = document.querySelector("#mark");
  if (!form) return;
  const items = [...form.querySelectorAll("fieldset.item")];
  const points = form.querySelector("#points");
  const comment = form.querySelector("#comment");
  const total = form.querySelector("#total");
  const draft = document.querySelector("#draft");
  const isOpen = () => !form.querySelector("fieldset.bare").disabled;
  const changed = (field) => field.dispatchEvent(new Event("input", { bubbles: true }));
  let typed = false; // whether something was typed that may not be kept yet
  let hasTyped = false;

  // --- the sum ----------------------------------------------------------------------------
  const share = (item) => {
    const chosen = item.querySelector("input[type=radio]:checked");
    if (!chosen) return null;
    return Number(chosen.value === "share" ? item.querySelector("input[type=text]").value : chosen.value);
  };
  const add = () => {
    const shares = items.map(share);
    const said = points.value.trim() !== "" || shares.some((one) => one !== null);
    const sum = items.reduce((all, item, i) => all + (shares[i] ?? 0) * Number(item.dataset.item), 0)
      + Number(points.value || 0);
    const shown = Number.isFinite(sum) ? Math.round(sum * 100) / 100 : "?";
    total.value = said ? `${shown} of ${Number(form.dataset.points)}` : "";
  };
  form.addEventListener("input", (event) => {
    typed = hasTyped = true;
    if (event.target.matches("fieldset.item input[type=text]")) {
      event.target.closest(".shares").querySelector("input[value=share]").checked = true;
    }
    add();
  });
  add();

  // --- what was typed is kept -------------------------------------------------------------
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== draft) return;
    typed = typed && !event.detail.successful;
    if (!event.detail.successful) {
      draft.textContent = "Not kept: the server can't be reached, or you have to log in again.";
    }
  });
  const keep = () => {
    if (typed && isOpen()) navigator.sendBeacon(draft.getAttribute("hx-post"), new FormData(form));
  };
  window.addEventListener("pagehide", keep);
  // Who only looks at one paper after the other keeps none of them.
  for (const link of document.querySelectorAll("a[data-key]")) {
    link.addEventListener("click", () => {
      const back = document.querySelector("#put-back");
      if (!back || hasTyped || document.querySelector(".draft")) return;
      const form = new FormData(back);
      form.set("quietly", "1");
      navigator.sendBeacon(back.action, form);
    });
  }
  form.addEventListener("submit", () => { typed = false; });

  for (const button of document.querySelectorAll("[data-comment]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      if (!isOpen()) return;
      const said = button.parentElement.querySelector(".said").textContent;
      comment.value = comment.value.trim() ? `${comment.value.trimEnd()}\n${said}` : said;
      changed(comment);
      comment.focus();
    });
  }

  // --- keys -------------------------------------------------------------------------------
  const choose = (item, value) => {
    const field = item.querySelector(`input[type=radio][value="${value}"]`);
    field.checked = true;
    field.focus();
    changed(field);
  };
  const digit = (number, half) => {
    if (items.length) {
      const item = items[number - 1];
      if (item) choose(item, half ? "0.5" : share(item) === 1 ? "0" : "1");
    } else if (number <= Number(form.dataset.points)) {
      points.value = String(number);
      changed(points);
    }
  };
  const press = (value) => form.requestSubmit(form.querySelector(`button[value=${value}]`));
  const follow = (key) => document.querySelector(`a[data-key=${key}]`)?.click();
  document.addEventListener("keydown", (event) => {
    const writing = event.target.matches("textarea, input[type=text]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && isOpen()) {
      event.preventDefault();
      press("save");
    } else if (event.key === "Escape" && writing) {
      event.target.blur();
    } else if (!writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const number = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
      if (event.key === "j" || event.key === "k") follow(event.key);
      else if (!isOpen()) return;
      else if (number) digit(Number(number[1]), event.shiftKey);
      else if (event.key === "n") press("next");
      else if (event.key === "c") comment.focus();
      else return;
      event.preventDefault();
    }
  });
  // Keys that are pressed in the answer's frame don't get here: leaving it with the pointer is enough.
  document.addEventListener("pointermove", () => {
    if (document.activeElement?.tagName !== "IFRAME") return;
    document.activeElement.blur();
    window.focus();
  });

  // --- signs of being there, so that nobody else gets the paper -----------------------------
  const MINUTE = 60000;
  let active = Date.now();
  for (const kind of ["pointermove", "keydown", "scroll"]) {
    document.addEventListener(kind, () => { active = Date.now(); }, { passive: true });
  }
  setInterval(() => {
    // What is read in the frame gives no sign here, so a page that is looked at counts for long.
    const here = document.visibilityState === "visible" && Date.now() - active < 30 * MINUTE;
    if (here) window.htmx?.trigger("#hold", "sign");
  }, 3 * MINUTE);
})();
