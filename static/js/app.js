// Small comforts on top of pages that work without them: colours, menus, filters, confirmations,
// a warning before typed text is lost, copying, counting. Everything hangs on data attributes.
(function () {
  "use strict";

  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  // Colours: as the device says, or as chosen; kept in this browser.
  function followTheme() {
    const root = document.documentElement;
    const group = document.querySelector("[data-theme-choice]");
    if (!group) return;
    group.hidden = false;
    const show = () => {
      const current = root.dataset.theme || "auto";
      for (const button of all("[data-theme-value]", group)) {
        button.setAttribute("aria-pressed", String(button.dataset.themeValue === current));
      }
    };
    group.addEventListener("click", (event) => {
      const button = event.target.closest("[data-theme-value]");
      if (!button) return;
      const value = button.dataset.themeValue;
      if (value === "auto") delete root.dataset.theme;
      else root.dataset.theme = value;
      try {
        if (value === "auto") localStorage.removeItem("tributary-theme");
        else localStorage.setItem("tributary-theme", value);
      } catch {
        // Without storage the choice lasts for this page.
      }
      show();
    });
    show();
  }

  // Menus and 'Why?' panels close on Escape, on a click elsewhere, and when another one opens.
  function closeMenus(except) {
    for (const menu of all("details[data-menu][open]")) {
      if (menu !== except && !menu.contains(except)) menu.open = false;
    }
  }

  // A panel stands beside what opened it, inside the window and above whatever scrolls or clips.
  function placePanel(menu) {
    const panel = menu.querySelector(".why-panel, .menu-panel");
    const opener = menu.querySelector("summary").getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const gap = 8;
    panel.style.position = "fixed";
    panel.style.inset = "auto";
    const { width, height } = panel.getBoundingClientRect();
    const wanted = panel.matches(".menu-panel") ? opener.right - width : opener.left;
    const below = opener.bottom + gap;
    const fits = below + height <= clientHeight || opener.top < height + gap;
    panel.style.left = `${Math.max(gap, Math.min(wanted, clientWidth - width - gap))}px`;
    panel.style.top = `${fits ? below : opener.top - height - gap}px`;
  }

  function placePanels() {
    for (const menu of all("details[data-menu][open]")) placePanel(menu);
  }
  document.addEventListener("scroll", placePanels, { capture: true, passive: true });
  window.addEventListener("resize", placePanels);

  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!(menu instanceof HTMLDetailsElement) || !menu.matches("[data-menu]") || !menu.open) return;
    closeMenus(menu);
    placePanel(menu);
  }, true);

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (!open) return;
    const had = open.contains(document.activeElement);
    open.open = false;
    if (had) open.querySelector("summary").focus();
  });

  // Acts that cannot be taken back ask first.
  function askFirst(form, submitter) {
    const source = submitter && submitter.dataset.confirm ? submitter : form;
    const dialog = document.getElementById("confirm");
    const yes = document.getElementById("confirm-yes");
    document.getElementById("confirm-text").textContent = source.dataset.confirm;
    yes.textContent = source.dataset.confirmLabel || words.say("goAhead");
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "yes") return;
      form.dataset.confirmed = "yes";
      form.requestSubmit(submitter);
    }, { once: true });
    dialog.showModal();
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const asks = (event.submitter && event.submitter.dataset.confirm) || form.dataset.confirm;
    if (asks && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      event.stopImmediatePropagation();
      askFirst(form, event.submitter);
      return;
    }
    delete form.dataset.confirmed;
    delete form.dataset.dirty;
  }, true);

  // Typed text is not lost by a stray click on a link.
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.matches("[data-guard]")) form.dataset.dirty = "yes";
  });

  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-dirty]")) event.preventDefault();
  });

  // Filters that act by themselves. A search waits for Enter: its change comes as the pointer goes
  // down elsewhere, and a page that moves then swallows the click.
  document.addEventListener("change", (event) => {
    const { form, type } = event.target;
    if (form && type !== "search" && form.matches("[data-autosubmit]")) form.requestSubmit();
  });

  // Rows of a short table, found while typing.
  function filterTable(input) {
    const table = document.getElementById(input.dataset.filterTable);
    const wanted = input.value.trim().toLowerCase();
    for (const row of all("tbody tr", table)) {
      row.hidden = wanted !== "" && !row.textContent.toLowerCase().includes(wanted);
    }
  }

  // Picked rows are counted beside the buttons that act on them.
  function countPicked(form) {
    const bar = form.querySelector("[data-bulk]");
    if (!bar) return;
    const boxes = all(".row-check:not(:disabled)", form);
    const picked = boxes.filter((box) => box.checked).length;
    const { noun, nouns } = bar.dataset;
    bar.querySelector("[data-bulk-count]").textContent = picked === 0
      ? words.say("pickToAct", { nouns })
      : words.say("picked", { number: words.number(picked), nouns: picked === 1 ? noun : nouns });
    for (const button of all("button[type=submit]", bar)) button.disabled = picked === 0;
    bar.classList.toggle("is-active", picked > 0);
    const head = form.querySelector("[data-bulk-all]");
    if (head) {
      head.checked = picked > 0 && picked === boxes.length;
      head.indeterminate = picked > 0 && picked < boxes.length;
    }
  }

  document.addEventListener("change", (event) => {
    const form = event.target.form;
    if (!form) return;
    if (event.target.matches("[data-bulk-all]")) {
      for (const box of all(".row-check:not(:disabled)", form)) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-bulk-all], .row-check")) countPicked(form);
  });

  // Characters left, counted as people count them.
  function countCharacters(area) {
    const counter = document.querySelector(`[data-counter-for="${CSS.escape(area.id)}"]`);
    if (!counter) return;
    const limit = Number(area.dataset.limit);
    const length = Array.from(area.value).length;
    counter.textContent = length > limit
      ? words.say("charactersTooMany", { number: words.number(length - limit) })
      : words.say("charactersOf", { length: words.number(length), limit: words.number(limit) });
    counter.classList.toggle("is-over", length > limit);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter-table]")) filterTable(event.target);
    if (event.target.matches("textarea[data-limit]")) countCharacters(event.target);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = words.say("copied");
    } catch {
      button.textContent = words.say("copyByHand");
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });

  // Runs on the page and on each part swapped in later.
  function prepare(part) {
    for (const element of all("[data-needs-script]", part)) element.hidden = false;
    for (const area of all("textarea[data-limit]", part)) countCharacters(area);
    for (const bar of all("[data-bulk]", part)) countPicked(bar.closest("form") || part);
    sayWhatScrolls();
    const summary = part.querySelector("[data-focus]");
    if (summary) summary.focus();
  }

  // On a phone the navigation scrolls: begin where this page is.
  function showCurrentPage() {
    for (const current of all(".main-nav [aria-current], .tabs [aria-current]")) {
      const strip = current.closest("nav");
      strip.scrollLeft = current.offsetLeft - strip.offsetLeft - 16;
    }
  }

  // Only where there are more columns is there something to say.
  function sayWhatScrolls() {
    for (const hint of all(".scroll-hint")) {
      const region = hint.nextElementSibling;
      hint.hidden = region.clientWidth > 0 && region.scrollWidth <= region.clientWidth;
    }
  }

  followTheme();
  showCurrentPage();
  window.addEventListener("resize", sayWhatScrolls);
  prepare(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) prepare(event.detail.elt);
  });
})();
