"use strict";
// Draws the numbers of the page; all of them are computed in Python. One Floor per section.

const INK = "#1f2933", QUIET = "#616e7c", LINE = "#e4e7eb", CORRIDOR = "#eceff2", TAIL_M = 5;
const TICKS_M = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500];
const CONFIG = { displaylogo: false, responsive: true, displayModeBar: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
const FONT = { family: 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif', size: 12, color: INK };

const axis = (title, more) => ({
  title: { text: title, font: { size: 12, color: QUIET }, standoff: 6 },
  gridcolor: LINE, zeroline: false, linecolor: LINE, tickfont: { color: QUIET }, automargin: true, ...more,
});
const errorAxis = (range_m) => axis("error, m", {
  type: "log", range: range_m.map(Math.log10), tickvals: TICKS_M, ticktext: TICKS_M.map(String), minor: { showgrid: false },
});
const layout = (more) => ({
  font: FONT, margin: { l: 46, r: 10, t: 6, b: 36 }, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  modebar: { bgcolor: "rgba(255,255,255,0.85)", color: "#9aa5b1", activecolor: INK },
  showlegend: false, hoverlabel: { bgcolor: "#ffffff", bordercolor: LINE, font: { ...FONT } }, ...more,
});
const mapLayout = (bounds_m, more) => layout({
  margin: { l: 40, r: 6, t: 6, b: 36 },
  xaxis: axis("x, m", { range: bounds_m.x, constrain: "domain", showgrid: false }),
  yaxis: axis("y, m", { range: bounds_m.y, scaleanchor: "x", constrain: "domain", showgrid: false }),
  hovermode: "closest", ...more,
});
const line = (more) => ({ type: "scatter", mode: "lines", hoverinfo: "skip", ...more });

// Values with a hole before each index in `breaks`, where a line breaks.
function broken(values, breaks) {
  const out = [];
  values.forEach((value, i) => { if (breaks.includes(i)) out.push(null); out.push(value); });
  return out;
}

// Weights that fall to 0 at both sides of a hole, so that no area spans it.
function pausing(times, weights, breaks) {
  const x = [], y = [];
  times.forEach((time, i) => {
    if (breaks.includes(i)) { x.push(times[i - 1], time); y.push(0, 0); }
    x.push(time); y.push(weights[i]);
  });
  return { x, y };
}

class Floor {
  constructor(section, numbers) {
    this.section = section;
    this.n = numbers;
    Object.values(numbers.trajectories).forEach((walks) => Object.entries(walks).forEach(([walk, trajectory]) =>
      Object.assign(trajectory, numbers.references[walk][trajectory.reference])));
    this.method = numbers.first;
    this.walk = numbers.walks[0];
    this.methodPick = this.find("select.method");
    this.walkPick = this.find("select.walk");
    this.fitMaps();
    this.listen();
    this.drawCdf();
    this.update();
  }

  find(selector) { return this.section.querySelector(selector); }
  colour(method) { return this.n.methods[method].colour; }
  trajectory() { return this.n.trajectories[this.method][this.walk]; }

  // Maps are as high as the floor is, next to their width.
  fitMaps() {
    const [width_m, height_m] = [this.n.bounds_m.x, this.n.bounds_m.y].map(([low, high]) => high - low);
    const height = Math.min(620, Math.max(300, 45 + this.find(".map").clientWidth * height_m / width_m));
    this.section.querySelectorAll(".map, .confusions").forEach((plot) => { plot.style.height = `${height}px`; });
  }

  listen() {
    this.methodPick.onchange = () => this.choose(this.methodPick.value, this.walk);
    this.walkPick.onchange = () => this.choose(this.method, this.walkPick.value);
    const step = (by) => {
      const walks = this.n.walks, at = walks.indexOf(this.walk) + by + walks.length;
      this.choose(this.method, walks[at % walks.length]);
    };
    this.find(".previous").onclick = () => step(-1);
    this.find(".next").onclick = () => step(1);
    this.section.querySelectorAll("tr[data-method]").forEach((row) => {
      row.onclick = (event) => {
        const cell = event.target.closest("td[data-walk]");
        this.choose(row.dataset.method, cell ? cell.dataset.walk : this.walk);
      };
    });
  }

  choose(method, walk) {
    if (method === this.method && walk === this.walk) return;
    [this.method, this.walk] = [method, walk];
    this.update();
  }

  update() {
    this.methodPick.value = this.method;
    this.walkPick.value = this.walk;
    this.section.style.setProperty("--method", this.colour(this.method));
    this.section.querySelectorAll("tr[data-method]").forEach((row) => {
      row.classList.toggle("chosen", row.dataset.method === this.method);
      row.querySelectorAll("td[data-walk]").forEach((cell) =>
        cell.classList.toggle("chosen", row.dataset.method === this.method && cell.dataset.walk === this.walk));
    });
    this.find("figcaption .chosen").textContent = this.method;
    this.find(".summary").textContent = this.trajectory().summary;
    this.drawMap();
    this.drawError();
    this.drawAttention();
    this.drawConfusions();
  }

  drawCdf() {
    const names = Object.keys(this.n.methods).reverse();
    const traces = names.map((name) => line({
      name, x: this.n.methods[name].cdf_m, y: this.n.probabilities, hoverinfo: "all", hovertemplate: "%{x:.2f} m",
      line: { color: this.colour(name), width: name.startsWith("mail") ? 2.6 : 1.6, dash: name === "chance" ? "dash" : "solid" },
    }));
    Plotly.newPlot(this.find(".cdf"), traces, layout({
      xaxis: { ...errorAxis(this.n.range_m), title: { text: "error, m (logarithmic)", font: { size: 12, color: QUIET } } },
      yaxis: axis("fraction of estimates", { tickformat: ".0%", range: [0, 1.005], hoverformat: ".0%" }),
      hovermode: "y unified", shapes: [this.tailLine("x")],
    }), CONFIG);
  }

  tailLine(axisName) {
    const ends = axisName === "x" ? { x0: TAIL_M, x1: TAIL_M, y0: 0, y1: 1, yref: "paper" }
      : { y0: TAIL_M, y1: TAIL_M, x0: 0, x1: 1, xref: "paper" };
    return { type: "line", ...ends, line: { color: QUIET, width: 1, dash: "dot" }, layer: "below" };
  }

  corridors() {
    const x = [], y = [];
    Object.values(this.n.truth).forEach((path) => { x.push(...path.x, null); y.push(...path.y, null); });
    return line({ x, y, line: { color: CORRIDOR, width: 9 } });
  }

  drawMap() {
    const c = this.trajectory(), colour = this.colour(this.method), truth = this.n.truth[this.walk];
    const far = c.error_m.map((error) => error > TAIL_M), tx = [], ty = [];
    far.forEach((is, i) => { if (is) { tx.push(c.x[i], c.rx[i], null); ty.push(c.y[i], c.ry[i], null); } });
    const estimates = {
      type: "scatter", mode: "markers", x: c.x, y: c.y, customdata: c.error_m.map((e, i) => [c.time_s[i], e]),
      hovertemplate: "after %{customdata[0]:.0f} s: <b>%{customdata[1]:.2f} m</b> off<extra></extra>",
      marker: { color: far.map((is) => is ? "rgba(255,255,255,0.8)" : colour), size: far.map((is) => is ? 7 : 6),
        symbol: far.map((is) => is ? "diamond" : "circle"), line: { color: colour, width: far.map((is) => is ? 1.3 : 0) } },
    };
    const start = { type: "scatter", mode: "markers+text", x: truth.x.slice(0, 1), y: truth.y.slice(0, 1), text: ["start"],
      textposition: "top center", hoverinfo: "skip", marker: { color: "#ffffff", size: 9, line: { color: INK, width: 1.6 } } };
    const here = { type: "scatter", mode: "markers+lines", x: [], y: [], hoverinfo: "skip",
      line: { color: INK, width: 2 }, marker: { color: [INK, colour], size: 12, line: { color: "#ffffff", width: 2 } } };
    Plotly.react(this.find(".map"), [
      this.corridors(), line({ x: tx, y: ty, opacity: 0.45, line: { color: colour, width: 1 } }),
      estimates, line({ x: truth.x, y: truth.y, line: { color: INK, width: 1.2 } }), start, here,
    ], mapLayout(this.n.bounds_m, { images: this.n.plan }), CONFIG);
  }

  drawError() {
    const names = Object.keys(this.n.methods).filter((name) => name !== this.method).reverse();
    const traces = [...names, this.method].map((name) => {
      const c = this.n.trajectories[name][this.walk], chosen = name === this.method;
      return line({
        name, x: broken(c.time_s, c.breaks), y: broken(c.error_m.map((e) => Math.max(e, TICKS_M[0])), c.breaks),
        customdata: broken(c.error_m, c.breaks), hoverinfo: "all", hovertemplate: "%{customdata:.2f} m", opacity: chosen ? 1 : 0.55,
        line: { color: this.colour(name), width: chosen ? 2.2 : 1 },
      });
    });
    const plot = this.find(".error");
    Plotly.react(plot, traces, layout({
      xaxis: axis("since the first estimate", { hoverformat: ".0f", ticksuffix: " s", showgrid: false }), yaxis: errorAxis(this.n.range_m),
      hovermode: "x unified", shapes: [this.tailLine("y")],
    }), CONFIG);
    plot.removeAllListeners("plotly_hover");
    plot.removeAllListeners("plotly_unhover");
    plot.on("plotly_hover", (event) => this.point(event.xvals ? event.xvals[0] : event.points[0].x));
    plot.on("plotly_unhover", () => this.point(null));
  }

  // Marks the true position at a time on the map, and the estimate.
  point(time_s) {
    const c = this.trajectory();
    let i = -1, nearest = Infinity;
    if (time_s !== null) c.time_s.forEach((t, k) => { if (Math.abs(t - time_s) < nearest) [i, nearest] = [k, Math.abs(t - time_s)]; });
    const shown = i < 0 ? [[], []] : [[c.rx[i], c.x[i]], [c.ry[i], c.y[i]]];
    Plotly.restyle(this.find(".map"), { x: [shown[0]], y: [shown[1]] }, [5]);
  }

  drawAttention() {
    const attends = (name) => this.n.trajectories[name][this.walk].attention.length > 0;
    const name = attends(this.method) ? this.method : Object.keys(this.n.methods).find(attends);
    this.find(".attends").hidden = !name;
    if (!name) return;
    this.find(".attender").textContent = name;
    const c = this.n.trajectories[name][this.walk];
    const traces = c.attention.map((weights, k) => line({
      name: `${this.n.scales_s[k]} s`, ...pausing(c.time_s, weights, c.breaks), stackgroup: "scales", fillcolor: this.n.scale_colours[k],
      line: { width: 0.5, color: "#ffffff" }, hoverinfo: "all", hovertemplate: "%{y:.0%}",
    }));
    Plotly.react(this.find(".attention"), traces, layout({
      xaxis: axis("since the first estimate", { hoverformat: ".0f", ticksuffix: " s", showgrid: false }),
      yaxis: axis("weight", { range: [0, 1], tickvals: [0, 0.5, 1], tickformat: ".0%" }), hovermode: "x unified", showlegend: true,
      legend: { orientation: "v", traceorder: "reversed", font: { size: 11 }, x: 1.01, y: 0.5, yanchor: "middle" },
    }), CONFIG);
  }

  drawConfusions() {
    const p = this.n.confusions[this.method], colour = this.colour(this.method), max = Math.max(1, ...p.times);
    const bends = p.times.map((_, k) => {
      const [x0, y0, x1, y1] = [p.from_x[k], p.from_y[k], p.to_x[k], p.to_y[k]];
      return [(x0 + x1) / 2 - (y1 - y0) * 0.15, (y0 + y1) / 2 + (x1 - x0) * 0.15];
    });
    const shapes = p.times.map((times, k) => ({
      type: "path", path: `M ${p.from_x[k]},${p.from_y[k]} Q ${bends[k]} ${p.to_x[k]},${p.to_y[k]}`,
      line: { color: colour, width: 0.6 + 4.4 * times / max }, opacity: 0.5,
    }));
    const cells = { type: "scatter", mode: "markers", x: p.x, y: p.y, customdata: p.x.map((_, k) => [p.wrong[k], p.estimates[k]]),
      hovertemplate: "%{customdata[0]} of %{customdata[1]} estimates here<br>are more than 5 m off<extra></extra>",
      marker: { symbol: "square", size: 11, color: p.x.map((_, k) => p.wrong[k] / p.estimates[k]), cmin: 0, cmax: 1,
        colorscale: [[0, "#e9edf0"], [1, colour]], line: { color: "#ffffff", width: 0.5 },
        colorbar: { tickformat: ".0%", thickness: 8, len: 0.45, outlinewidth: 0, x: 1.0, tickfont: { color: QUIET, size: 11 },
          nticks: 3 } } };
    const ends = { type: "scatter", mode: "markers", x: p.to_x, y: p.to_y, customdata: p.times.map((t, k) => [t, p.from_x[k], p.from_y[k]]),
      hovertemplate: "<b>%{customdata[0]} ×</b> estimated here, true position<br>x %{customdata[1]:.0f} m, y %{customdata[2]:.0f} m<extra></extra>",
      marker: { size: p.times.map((t) => 4 + 5 * t / max), color: "#ffffff", line: { color: colour, width: 1.4 } } };
    Plotly.react(this.find(".confusions"), [this.corridors(), cells, ends], mapLayout(this.n.bounds_m, { shapes, images: this.n.plan }), CONFIG);
  }
}

// One chart of a study.
function drawChart(plot, c) {
  const words = typeof c.x[0] === "string", fraction = c.unit === "fraction", slanted = words && c.x.join("").length > 45;
  const traces = Object.entries(c.series).map(([name, y]) => ({
    name, x: c.x, y, type: c.kind === "bars" ? "bar" : "scatter",
    mode: c.kind === "dots" ? "markers" : c.x.length > 20 ? "lines" : "lines+markers", connectgaps: true,
    line: { color: c.colours[name], width: name.startsWith("mail") ? 2.4 : 1.6 }, marker: { color: c.colours[name], size: 8 },
    hovertemplate: fraction ? "%{y:.1%}" : `%{y:.3~g} ${c.unit}`,
  }));
  Plotly.newPlot(plot, traces, layout({
    xaxis: axis(c.x_title, { type: words ? "category" : "linear", tickvals: words || c.x.length > 20 ? undefined : c.x, showgrid: false }),
    yaxis: axis("", { type: fraction ? "linear" : "log", range: fraction ? c.range : c.range.map(Math.log10), tickvals: c.marks,
      ticktext: c.marks.map((mark) => fraction ? `${Math.round(100 * mark)}%` : String(mark)), minor: { showgrid: false } }),
    hovermode: "x unified", barmode: "group", showlegend: c.legend,
    legend: { orientation: "h", font: { size: 11 }, ...(slanted ? { y: 1.02, yanchor: "bottom" } : { y: -0.22, yanchor: "top" }) },
  }), CONFIG);
}

const numbers = JSON.parse(document.getElementById("numbers").textContent);
const floors = [...document.querySelectorAll("section.floor")].map((section) => new Floor(section, numbers[section.id]));
Object.entries(numbers.charts).forEach(([id, chart]) => drawChart(document.getElementById(id), chart));
const plots = () => document.querySelectorAll(".plot");
// Figures take the width of the paper, and then that of the screen again.
window.addEventListener("beforeprint", () => {
  document.body.classList.add("printing");
  floors.forEach((floor) => floor.fitMaps());
  plots().forEach((plot) => Plotly.relayout(plot, { width: plot.clientWidth, height: plot.clientHeight }));
});
window.addEventListener("afterprint", () => {
  document.body.classList.remove("printing");
  floors.forEach((floor) => floor.fitMaps());
  plots().forEach((plot) => Plotly.relayout(plot, { width: null, height: null, autosize: true }));
});
document.body.dataset.drawn = String(floors.length);
