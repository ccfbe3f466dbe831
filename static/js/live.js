// The part of a live session that follows the room: asks with the tag of what is shown, so that an
// answer of "nothing new" (304) leaves the page alone, and keeps the chair's forms on the step shown.
(function () {
  "use strict";

  const room = document.querySelector("[data-live]");
  if (!room) return;
  const mark = () => room.querySelector("[data-live-tag]");

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt !== room || !mark()) return;
    event.detail.headers["If-None-Match"] = `"${mark().dataset.liveTag}"`;
  });

  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.elt === room && event.detail.xhr.status === 304) event.detail.shouldSwap = false;
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.elt !== room || !mark()) return;
    for (const field of document.querySelectorAll("[data-live-at]")) {
      field.value = mark().dataset.liveNumber;
    }
  });
})();
