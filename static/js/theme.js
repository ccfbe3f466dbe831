// Runs before the page is drawn: marks that scripts work, and keeps a chosen colour scheme.
(function () {
  "use strict";
  const root = document.documentElement;
  root.classList.add("has-script");
  let chosen = null;
  try {
    chosen = localStorage.getItem("tributary-theme");
  } catch {
    // Storage may be switched off; the page then follows the device.
  }
  if (chosen === "light" || chosen === "dark") {
    root.dataset.theme = chosen;
  }
})();
