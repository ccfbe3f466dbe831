// The sentences that scripts say, in the language of the page: templates/base.html writes them into
// <template id="words"> as data attributes. A name without a sentence is an error, not silence.
(function () {
  "use strict";

  const known = document.getElementById("words").dataset;
  // every language is written with the digits 0 to 9, as the server writes it
  const { lang } = document.documentElement;
  const locale = `${lang === "en" ? "en-GB" : lang}-u-nu-latn`;

  window.words = {
    // words.say("charactersOf", { length: "12", limit: "2,000" }): {length} and {limit} are filled in
    say(name, values = {}) {
      if (!(name in known)) throw new Error(`No sentence is called ${name}`);
      return known[name].replace(/\{(\w+)\}/g, (whole, value) => values[value] ?? whole);
    },
    number(value) {
      return value.toLocaleString(locale);
    },
    // what stands before decimals and between thousands, as Plotly asks for the two
    separators() {
      const parts = new Intl.NumberFormat(locale).formatToParts(1234567.5);
      return ["decimal", "group"].map((type) => parts.find((part) => part.type === type).value).join("");
    },
    clock(date) {
      return date.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    },
  };
})();
