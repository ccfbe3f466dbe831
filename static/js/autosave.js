// Keeps what is typed into a form[data-autosave]: in this browser at once, on the server every few
// seconds, finished or not. Without this script the form's own buttons do the same, less often.
(function () {
  "use strict";

  const form = document.querySelector("form[data-autosave]");
  if (!form) return;

  const PAUSE = 1500; // ms without a keystroke before sending
  const RETRIES = [4000, 10000, 30000]; // ms until the next try while the server is away
  const key = form.dataset.autosaveKey;
  const state = form.querySelector("[data-autosave-state]");
  const restore = form.querySelector("[data-autosave-restore]");
  const seen = form.elements.namedItem("seen");
  const OWN = new Set(["csrf_token", "seen", "base_version", "marks"]);

  let edits = 0; // how many times the form changed
  let sentEdits = 0; // up to which of them the server has it
  let failures = 0;
  let timer = 0;
  let sending = null;
  let mayLeave = false;

  function typed() {
    return Array.from(new FormData(form)).filter(([, value]) => typeof value === "string");
  }

  function own(entries) {
    return entries.filter(([name]) => !OWN.has(name));
  }

  function say(sentence, isTrouble, link) {
    state.textContent = sentence;
    state.classList.toggle("is-trouble", Boolean(isTrouble));
    if (!link) return;
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = words.say("signInAgain");
    state.append(" ", anchor);
  }

  // In this browser, until the server has it. Where storage is refused, the server alone keeps it.
  function remember() {
    try {
      localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields: own(typed()) }));
    } catch {
      // nothing to do: sending goes on
    }
  }

  function forget() {
    try {
      localStorage.removeItem(key);
    } catch {
      // nothing was kept
    }
  }

  function remembered() {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(send, pause);
  }

  function send() {
    clearTimeout(timer);
    if (sending) return sending;
    sending = deliver().finally(() => { sending = null; });
    return sending;
  }

  // True once the server has the text, in whatever way; false while it has not.
  async function deliver() {
    const upTo = edits;
    const body = new URLSearchParams(typed());
    let response;
    try {
      response = await fetch(form.dataset.autosave, {
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        // a page that is being closed may send this much
        keepalive: body.toString().length < 60000,
      });
    } catch {
      response = null;
    }
    const answer = response && (response.headers.get("Content-Type") || "").includes("json")
      ? await response.json().catch(() => null)
      : null;
    if (response && response.status === 401 && answer) {
      say(words.say("signedOut"), true, answer.sign_in);
      return false;
    }
    if (response && response.status === 409 && answer) {
      say(answer.elsewhere || words.say("openElsewhere"), true);
      return true;
    }
    if (!response || !response.ok || !answer || !answer.seen) {
      const wait = RETRIES[Math.min(failures, RETRIES.length - 1)];
      failures += 1;
      say(words.say("notSentYet"), true);
      later(wait);
      return false;
    }
    failures = 0;
    seen.value = answer.seen;
    sentEdits = upTo;
    for (const [name, live] of Object.entries(answer.live)) {
      const place = form.querySelector(`[data-live="${name}"]`);
      if (place && place.textContent !== live) place.textContent = live;
    }
    say(answer.note || words.say("savedAsTyped", { time: words.clock(new Date()) }), Boolean(answer.note));
    if (edits === upTo) forget();
    else later(PAUSE);
    return true;
  }

  function changed(event) {
    if (event.target.type === "file" || event.target.closest("[data-autosave-restore]")) return;
    edits += 1;
    remember();
    if (!state.classList.contains("is-trouble")) say(words.say("saving"));
    later(PAUSE);
  }

  form.addEventListener("input", changed);
  form.addEventListener("change", changed);

  // A button is pressed: what is typed goes first, so that a page that fails to come loses nothing.
  form.addEventListener("submit", async (event) => {
    if (mayLeave || event.defaultPrevented || edits === sentEdits) return;
    event.preventDefault();
    const submitter = event.submitter;
    if (sending) await sending;
    if (edits === sentEdits || await send()) {
      mayLeave = true;
      form.dataset.confirmed = "yes"; // what the button asks was answered before
      form.requestSubmit(submitter);
    }
  });

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && edits !== sentEdits) send();
  });
  window.addEventListener("online", () => { if (edits !== sentEdits) send(); });

  // What this browser still holds from a time when the server was away.
  function offer() {
    const held = remembered();
    if (!held || !Array.isArray(held.fields)) return;
    if (JSON.stringify(held.fields) === JSON.stringify(own(typed()))) {
      forget();
      return;
    }
    restore.querySelector("[data-autosave-restore-at]").textContent = words.say("atTime", { time: words.clock(new Date(held.at)) });
    restore.hidden = false;
    restore.querySelector("[data-autosave-forget]").addEventListener("click", () => {
      forget();
      restore.hidden = true;
    });
    restore.querySelector("[data-autosave-put-back]").addEventListener("click", () => {
      putBack(held.fields);
      restore.hidden = true;
      edits += 1;
      remember();
      send();
    });
  }

  function putBack(fields) {
    for (const [name, value] of fields) {
      const control = form.elements.namedItem(name);
      if (control instanceof RadioNodeList) {
        control.value = value;
      } else if (control) {
        control.value = value;
        control.dispatchEvent(new Event("input", { bubbles: true }));
      } else {
        // a row that this page does not show: sent along, and shown once it is saved
        const extra = document.createElement("input");
        extra.type = "hidden";
        extra.name = name;
        extra.value = value;
        form.append(extra);
      }
    }
  }

  offer();
})();
