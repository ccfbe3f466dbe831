// Keys for the working tables: find, go up and down, open, pick, pin, compare, undo. The list of them
// opens with "?". They can be switched off, and never act while something is being typed.
(function () {
  "use strict";

  const STORE = "tributary-keys";
  const dialog = document.getElementById("keys");
  const choice = dialog.querySelector("[data-keys-on]");

  function areOn() {
    try {
      return localStorage.getItem(STORE) !== "off";
    } catch {
      return true;
    }
  }

  choice.checked = areOn();
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, choice.checked ? "on" : "off");
    } catch {
      // without storage they stay as they are
    }
  });

  for (const opener of document.querySelectorAll("[data-keys-open]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }

  const isSeen = (element) => element.getClientRects().length > 0;

  function rows() {
    return Array.from(document.querySelectorAll("main .table tbody tr")).filter(
      (row) => isSeen(row) && handle(row),
    );
  }

  // What takes the focus in a row: its name's link, else its box, else whatever can.
  function handle(row) {
    return row.querySelector("th a[href], .cell-title a[href]")
      || row.querySelector("a[href], input:not([type=hidden]), button, summary");
  }

  function currentRow() {
    return document.activeElement && document.activeElement.closest("main .table tbody tr");
  }

  function move(by) {
    const list = rows();
    if (!list.length) return;
    const at = list.indexOf(currentRow());
    const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
    handle(at < 0 ? list[0] : next).focus();
    document.activeElement.scrollIntoView({ block: "nearest" });
  }

  // The first element with that key in the row, else on the page.
  function use(key) {
    const row = currentRow();
    const named = `[data-key="${key}"]`;
    const inRow = row && row.querySelector(named);
    const found = inRow || Array.from(document.querySelectorAll(named))
      .find((element) => isSeen(element) && !element.closest("tbody"));
    if (!found) return false;
    if (found.matches("input[type=search], input[type=text]")) {
      found.focus();
      found.select();
    } else if (found.matches("details")) {
      found.open = true;
      const first = found.querySelector("select, input:not([type=hidden]), textarea, button");
      if (first) first.focus();
    } else {
      found.click();
    }
    return true;
  }

  function act(key) {
    if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "?") dialog.showModal();
    else return use(key);
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, dialog")) return;
    if (!areOn()) return;
    if (act(event.key)) event.preventDefault();
  });
})();
