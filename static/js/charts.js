// Draws the charts of a page with Plotly, in the page's own colours and type, and redraws them when
// the colours change. A figure may name a token wherever Plotly takes a colour: "var(--chart-3)".
(function () {
  "use strict";

  const PLOTLY_URL = document.currentScript.dataset.plotly;
  const NARROW = 400; // px; below this a chart gets a phone's type and legend
  const CONFIG = { displayModeBar: false, responsive: false, showTips: false, doubleClick: false };
  const drawn = new Map(); // element -> figure as the server gave it

  // Plotly clears a colour bar's style by setting the attribute to nothing, which the security policy
  // reports although nothing is styled. Taking the attribute away does the same without a report.
  SVGRectElement.prototype.setAttribute = function (name, value) {
    if (name === "style" && value === "") this.removeAttribute(name);
    else Element.prototype.setAttribute.call(this, name, value);
  };

  let plotly = null;
  function loadPlotly() {
    plotly ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = PLOTLY_URL;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error("Plotly could not be loaded"));
      document.head.append(script);
    });
    return plotly;
  }

  // Tokens are resolved by the browser (light-dark, color-mix) and then read off a canvas, since
  // Plotly knows only the older ways of writing a colour.
  const probe = document.createElement("span");
  probe.hidden = true;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const brush = canvas.getContext("2d", { willReadFrequently: true });

  function colour(name) {
    probe.style.color = `var(${name})`;
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = getComputedStyle(probe).color;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return alpha === 255 ? `rgb(${red},${green},${blue})`
      : `rgba(${red},${green},${blue},${(alpha / 255).toFixed(3)})`;
  }

  const TOKEN = /^var\((--[a-z0-9-]+)\)$/;
  function withColours(value) {
    if (typeof value === "string") {
      const token = TOKEN.exec(value);
      return token ? colour(token[1]) : value;
    }
    if (Array.isArray(value)) return value.map(withColours);
    if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withColours(part)]));
    }
    return value;
  }

  const scale = (prefix, count) => Array.from({ length: count },
    (_, step) => [step / (count - 1), colour(`${prefix}-${step}`)]);

  function axis(size) {
    return {
      automargin: true,
      color: colour("--ink-muted"),
      gridcolor: colour("--line"),
      linecolor: colour("--line-strong"),
      zerolinecolor: colour("--line-strong"),
      zerolinewidth: 1,
      ticks: "outside",
      ticklen: 4,
      tickcolor: "rgba(0,0,0,0)",
      title: { standoff: 12, font: { size, color: colour("--ink-muted") } },
    };
  }

  function template(isNarrow) {
    const ink = colour("--ink");
    const surface = colour("--surface");
    const size = isNarrow ? 11 : 13;
    const family = getComputedStyle(document.body).fontFamily;
    const colorbar = isNarrow
      ? { orientation: "h", y: -0.12, yanchor: "top", thickness: 8, outlinewidth: 0, ticklen: 3 }
      : { thickness: 10, outlinewidth: 0, ticklen: 3, len: 1 };
    const sequential = scale("--seq", 6);
    const heat = { colorscale: sequential, colorbar, xgap: 2, ygap: 2 };
    return {
      layout: {
        font: { family, size, color: colour("--ink-muted") },
        title: { font: { size: 16, weight: 600, color: ink } },
        paper_bgcolor: surface,
        plot_bgcolor: surface,
        colorway: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`--chart-${number}`)),
        colorscale: { sequential, sequentialminus: sequential, diverging: scale("--div", 5) },
        margin: { t: 8, r: 8, b: 32, l: 8 },
        legend: {
          orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom",
          font: { color: ink }, itemclick: false, itemdoubleclick: false, traceorder: "normal",
        },
        hoverlabel: {
          bgcolor: colour("--surface-raised"), bordercolor: colour("--line-strong"),
          font: { family, size: 13, color: ink }, align: "left", namelength: -1,
        },
        hovermode: "closest",
        dragmode: false,
        bargap: 0.28,
        separators: words.separators(),
        autotypenumbers: "strict", // years given as text stay names: 2027, never 2,026.5
        xaxis: axis(size),
        yaxis: axis(size),
        annotationdefaults: { font: { color: ink }, arrowcolor: colour("--ink-muted") },
      },
      data: {
        bar: [{ marker: { line: { color: surface, width: 1 } }, textfont: { color: ink } }],
        heatmap: [heat],
        sankey: [{
          node: { pad: isNarrow ? 10 : 14, thickness: 12, line: { width: 0 }, color: colour("--chart-1") },
          link: { color: colour("--chart-8-soft"), line: { color: surface, width: 1 } },
          textfont: { color: ink, size: isNarrow ? 10 : 13 },
        }],
        scatter: [{ marker: { size: 8, line: { color: surface, width: 1 } } }],
      },
    };
  }

  // On a phone long names would leave bars that lie no room: hover and the table have them in full.
  const LONGEST = 24;
  function shortened(name) {
    return name.length > LONGEST
      ? `${name.slice(0, LONGEST - 1).replace(/&\w*$/, "").trimEnd()}…` : name;
  }

  function giveBarsRoom(data, layout) {
    const names = data.flatMap((trace) => (trace.type === "bar" && trace.orientation === "h" ? trace.y : []));
    if (!names.length || layout.yaxis?.ticktext || !names.every((name) => typeof name === "string")) return;
    const each = [...new Set(names)];
    layout.yaxis = { ...layout.yaxis, tickmode: "array", tickvals: each, ticktext: each.map(shortened) };
    layout.xaxis = { nticks: 4, tickangle: 0, ...layout.xaxis };
  }

  // Where lines are read from the right, so are bars that lie, and legends begin there. A flow keeps
  // its way: Plotly draws none from the right.
  function fromTheRight(data, layout) {
    layout.legend = { ...layout.legend, x: 1, xanchor: "right" };
    if (!data.every((trace) => trace.type === "bar" && trace.orientation === "h")) return;
    const range = layout.xaxis?.range;
    layout.xaxis = { ...layout.xaxis, ...(range ? { range: [...range].reverse() } : { autorange: "reversed" }) };
    layout.yaxis = { ...layout.yaxis, side: "right" };
  }

  function themed(figure, element) {
    const layout = withColours(figure.layout || {});
    const isNarrow = element.clientWidth < NARROW;
    layout.template = template(isNarrow);
    const data = withColours(figure.data);
    const kinds = new Set(data.map((trace) => trace.type));
    if (kinds.has("heatmap")) {
      layout.template.layout.xaxis.showgrid = layout.template.layout.yaxis.showgrid = false;
      if (isNarrow) { // figures would be too small to read there: the table has them
        data.forEach((trace) => delete trace.texttemplate);
        layout.xaxis = { ...layout.xaxis, tickangle: -90 };
      }
    }
    if (isNarrow) giveBarsRoom(data, layout);
    if (document.documentElement.dir === "rtl") fromTheRight(data, layout);
    if (kinds.has("sankey")) layout.template.layout.margin = { t: 8, r: 4, b: 8, l: 4 };
    layout.autosize = true;
    delete layout.width;
    delete layout.title; // the finding above the chart says it
    return { data, layout };
  }

  // A mark whose customdata is an address of this site, or holds one first, is a link.
  function addressOf(point) {
    const data = point.customdata;
    const text = Array.isArray(data) ? data[0] : data && typeof data === "object" ? data.url : data;
    return typeof text === "string" && /^\/(?!\/)/.test(text) ? text : null;
  }

  function followMarks(element) {
    element.on("plotly_click", (event) => {
      const address = event.points.map(addressOf).find(Boolean);
      if (address) window.location.assign(address);
    });
    element.on("plotly_hover", (event) => {
      element.classList.toggle("can-follow", event.points.some(addressOf));
    });
    element.on("plotly_unhover", () => element.classList.remove("can-follow"));
  }

  function giveRoom(element) {
    element.classList.add("chart-flow");
    const box = element.parentElement;
    if (box.scrollWidth <= box.clientWidth) return;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", words.say("scrollsSideways", { finding: element.dataset.finding }));
  }

  async function figureOf(element) {
    if (element.dataset.figure) return JSON.parse(element.dataset.figure);
    const answer = await fetch(element.dataset.figureUrl, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`The figure answered ${answer.status}`);
    return answer.json();
  }

  function giveUp(element) {
    element.classList.add("is-broken");
    const wait = element.querySelector(".chart-wait");
    if (wait) wait.textContent = words.say("noChart");
    const table = element.closest(".figure")?.querySelector(".figure-table");
    if (table) table.open = true;
  }

  // Plotly measures its box: a chart in a closed part of the page waits until it is seen.
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      if (contentRect.width === 0) continue;
      if (drawn.has(target)) redraw(target);
      else draw(target);
    }
  });

  const waiting = new WeakSet();
  async function draw(element) {
    if (waiting.has(element)) return;
    waiting.add(element);
    try {
      const [library, figure] = await Promise.all([loadPlotly(), figureOf(element)]);
      if (figure.data.some((trace) => trace.type === "sankey")) giveRoom(element);
      if (figure.layout?.height) element.style.height = `${figure.layout.height}px`;
      const { data, layout } = themed(figure, element);
      element.querySelector(".chart-wait")?.remove();
      await library.newPlot(element, data, layout, CONFIG);
      drawn.set(element, figure);
      followMarks(element);
      offerPicture(element);
      element.dataset.drawn = "yes";
    } catch (error) {
      console.error(error);
      giveUp(element);
    }
  }

  const due = new Set();
  function redraw(element) {
    if (due.size === 0) requestAnimationFrame(redrawDue);
    due.add(element);
  }

  async function redrawDue() {
    const library = await loadPlotly();
    for (const element of due) {
      if (!element.isConnected) {
        drawn.delete(element);
        continue;
      }
      const { data, layout } = themed(drawn.get(element), element);
      library.react(element, data, layout, CONFIG);
    }
    due.clear();
  }

  function redrawAll() {
    drawn.forEach((_, element) => redraw(element));
  }

  // Plotly reads a little HTML in its texts; a finding is plain words.
  function asTitle(finding, width) {
    const plain = finding.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    const lines = [""];
    for (const word of plain.split(" ")) {
      const line = lines.at(-1);
      if (line && line.length + word.length >= width / 8.5) lines.push(word);
      else lines[lines.length - 1] = line ? `${line} ${word}` : word;
    }
    return lines;
  }

  // The picture carries its finding, since it will be pasted where the page's words are not, and the
  // light colours, since that is mostly on white.
  async function savePicture(element) {
    const library = await loadPlotly();
    probe.style.colorScheme = "light";
    const { data, layout } = themed(drawn.get(element), element);
    probe.style.colorScheme = "";
    const width = Math.max(element.clientWidth, 640);
    const lines = asTitle(element.dataset.finding, width);
    const room = 28 + 21 * lines.length;
    layout.title = {
      text: lines.join("<br>"), xref: "container", x: 0, xanchor: "left",
      yref: "container", y: 1, yanchor: "top", pad: { t: 16, l: 8 },
    };
    // What the legend takes on the page, and the title above it
    const top = element._fullLayout._size.t + room;
    layout.margin = { ...layout.template.layout.margin, ...layout.margin, t: top };
    library.downloadImage({ data, layout, config: CONFIG }, {
      format: "svg", width, height: element.clientHeight + room, filename: element.id,
    });
  }

  function offerPicture(element) {
    const button = document.querySelector(`[data-picture-of="${CSS.escape(element.id)}"]`);
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => savePicture(element));
  }

  function prepare(part) {
    for (const element of part.querySelectorAll(".chart[data-figure], .chart[data-figure-url]")) {
      sizes.observe(element);
    }
  }

  document.body.append(probe);
  prepare(document);
  document.addEventListener("htmx:load", (event) => {
    if (event.detail.elt !== document.body) prepare(event.detail.elt);
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  new MutationObserver(redrawAll).observe(document.documentElement, {
    attributes: true, attributeFilter: ["data-theme"],
  });
})();
